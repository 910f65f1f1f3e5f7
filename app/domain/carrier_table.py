"""The carriers that we know: their names in shops, their hosts, and where a parcel is followed.

Data only. `{}` in an address is the tracking number, URL-encoded. A carrier without an address
of its own that takes a number alone is followed at 17TRACK.
"""

from __future__ import annotations

from dataclasses import dataclass

FOLLOWED_ANYWHERE = "https://t.17track.net/en#nums={}"
TRUSTED_TRACKERS = ("17track.net", "aftership.com")
"""Hosts of services that follow every carrier's parcels."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """`names`: how shops and plug-ins call it, folded by `domain.carrier.folded`."""

    key: str
    name: str
    names: tuple[str, ...]
    hosts: tuple[str, ...]
    address: str = FOLLOWED_ANYWHERE


CARRIERS = (
    Carrier(
        "dhl",
        "DHL",
        (
            *("dhl", "dhl paket", "dhl germany", "dhl de", "dhl parcel", "dhl intraship de"),
            *("deutsche post", "deutsche post dhl", "dhl deutschland", "deutschepost"),
        ),
        ("dhl.de", "dhl.com", "deutschepost.de"),
        "https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode={}",
    ),
    Carrier(
        "dhl-express",
        "DHL Express",
        ("dhl express", "dhlexpress"),
        ("dhl.com",),
        "https://www.dhl.com/global-en/home/tracking/tracking-express.html?submit=1&tracking-id={}",
    ),
    Carrier(
        "dpd",
        "DPD",
        ("dpd", "dpd de", "dpd germany", "dpd uk", "dpd fr", "dpd at", "dpd group"),
        ("dpd.com", "dpd.de", "dpd.co.uk", "dpd.fr", "dpd.at", "dpd.nl", "dpdgroup.com"),
        "https://tracking.dpd.de/status/en_US/parcel/{}",
    ),
    Carrier(
        "gls",
        "GLS",
        ("gls", "gls de", "gls germany", "gls group", "gls paket"),
        ("gls-group.com", "gls-group.eu", "gls-pakete.de"),
        "https://gls-group.com/EU/en/parcel-tracking?match={}",
    ),
    Carrier(
        "hermes",
        "Hermes",
        ("hermes", "hermes de", "hermes germany", "myhermes", "hermes paket"),
        ("myhermes.de", "hermesworld.com", "myhermes.at"),
        "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation/#{}",
    ),
    Carrier(
        "evri",
        "Evri",
        ("evri", "hermes uk"),
        ("evri.com",),
        "https://www.evri.com/track/parcel/{}",
    ),
    Carrier(
        "ups",
        "UPS",
        ("ups", "ups germany", "united parcel service"),
        ("ups.com",),
        "https://www.ups.com/track?tracknum={}",
    ),
    Carrier(
        "fedex",
        "FedEx",
        ("fedex", "fed ex", "fedex express", "fedex ground"),
        ("fedex.com",),
        "https://www.fedex.com/fedextrack/?trknbr={}",
    ),
    Carrier(
        "usps",
        "USPS",
        ("usps", "us post", "united states postal service", "us postal service"),
        ("usps.com",),
        "https://tools.usps.com/go/TrackConfirmAction?tLabels={}",
    ),
    Carrier(
        "royal-mail",
        "Royal Mail",
        ("royal mail", "royalmail"),
        ("royalmail.com",),
        "https://www.royalmail.com/track-your-item#/tracking-results/{}",
    ),
    Carrier(
        "la-poste",
        "La Poste",
        ("la poste", "laposte", "colissimo", "la poste colissimo", "la poste france"),
        ("laposte.fr", "colissimo.fr"),
        "https://www.laposte.fr/outils/suivre-vos-envois?code={}",
    ),
    Carrier(
        "chronopost",
        "Chronopost",
        ("chronopost", "chronopost france"),
        ("chronopost.fr",),
        "https://www.chronopost.fr/tracking-no-cms/suivi-page?listeNumerosLT={}",
    ),
    Carrier("postnl", "PostNL", ("postnl", "post nl", "postnl 3s"), ("postnl.nl", "postnl.post")),
    Carrier(
        "bpost",
        "bpost",
        ("bpost", "b post", "bpost belgium"),
        ("bpost.be", "bpost.cloud"),
        "https://track.bpost.cloud/btr/web/#/search?itemCode={}&lang=en",
    ),
    Carrier(
        "swiss-post",
        "Swiss Post",
        ("swiss post", "schweizerische post", "die post", "post ch", "la poste suisse"),
        ("post.ch",),
        "https://service.post.ch/ekp-web/ui/entry/search/{}",
    ),
    Carrier(
        "austrian-post",
        "Austrian Post",
        ("austrian post", "osterreichische post", "post at", "austria post"),
        ("post.at",),
        "https://www.post.at/sv/sendungsdetails?snr={}",
    ),
    Carrier(
        "poste-italiane",
        "Poste Italiane",
        ("poste italiane", "poste it", "poste italiane paccocelere"),
        ("poste.it",),
        "https://www.poste.it/cerca/index.html#/risultati-spedizioni/{}",
    ),
    Carrier(
        "correos",
        "Correos",
        ("correos", "correos spain", "correos de espana", "correos express", "spain correos es"),
        ("correos.es", "correosexpress.com"),
        "https://www.correos.es/es/es/herramientas/localizador/envios/detalle?tracking-number={}",
    ),
    Carrier(
        "inpost",
        "InPost",
        ("inpost", "inpost paczkomaty", "paczkomaty"),
        ("inpost.pl", "inpost.co.uk", "inpost.eu"),
        "https://inpost.pl/sledzenie-przesylek?number={}",
    ),
    Carrier(
        "yamato",
        "Yamato Transport",
        (
            "yamato",
            "yamato transport",
            "ヤマト運輸",
            "クロネコヤマト",
            "kuroneko yamato",
            "taqbin jp",
        ),
        ("kuronekoyamato.co.jp",),
        "https://jizen.kuronekoyamato.co.jp/jizen/servlet/crjz.b.NQ0010?id={}",
    ),
    Carrier(
        "sagawa",
        "Sagawa Express",
        ("sagawa", "sagawa express", "佐川急便"),
        ("sagawa-exp.co.jp",),
        "https://k2k.sagawa-exp.co.jp/p/web/okurijosearch.do?okurijoNo={}",
    ),
    Carrier(
        "japan-post",
        "Japan Post",
        ("japan post", "日本郵便", "郵便局", "ゆうパック", "yu pack", "jp post"),
        ("japanpost.jp",),
        "https://trackings.post.japanpost.jp/services/srv/search/direct?reqCodeNo1={}",
    ),
    Carrier(
        "canada-post",
        "Canada Post",
        ("canada post", "postes canada", "canadapost"),
        ("canadapost.ca", "canadapost-postescanada.ca"),
        "https://www.canadapost-postescanada.ca/track-reperage/en#/details/{}",
    ),
    Carrier(
        "australia-post",
        "Australia Post",
        ("australia post", "auspost", "aus post"),
        ("auspost.com.au",),
        "https://auspost.com.au/mypost/track/#/details/{}",
    ),
    Carrier(
        "aramex",
        "Aramex",
        ("aramex",),
        ("aramex.com",),
        "https://www.aramex.com/track/results?ShipmentNumber={}",
    ),
    Carrier("correios", "Correios", ("correios", "brazil correios"), ("correios.com.br",)),
)

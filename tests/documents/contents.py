"""Documents to render: one for each language, and those that someone means us harm with."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from app.domain.address import Address, address_lines, full_name, is_company
from app.domain.invoice import (
    Bank,
    DocumentContent,
    DocumentKind,
    HomeTax,
    Line,
    Party,
    Reference,
    Row,
    RowKind,
    Statement,
    Tax,
)

GERMAN_SELLER = Party(
    name="Teehaus Morgenrot",
    address=("Teehaus Morgenrot GmbH", "Lindenstraße 12", "10969 Berlin", "Deutschland"),
    country="DE",
    email="hallo@teehaus.example",
    phone="+49 30 5550123",
    tax_ids=(("vat", "DE811907980"), ("registration", "HRB 98765 B, Amtsgericht Berlin")),
)
JAPANESE_SELLER = Party(
    name="茶の葉商店",
    address=("〒604-8005", "京都府京都市中京区恵比須町1-2", "株式会社茶の葉商店"),
    country="JP",
    email="shop@chanoha.example",
    phone="075-555-0123",
    tax_ids=(("jp_invoice", "T1180301018771"),),
)
BANK = ("Bank: Beispielbank Berlin", "IBAN DE89 3704 0044 0532 0130 00", "BIC COBADEFFXXX")


def party(home: str, **fields: str) -> Party:
    address = Address(**fields)
    return Party(
        name=full_name(address),
        address=address_lines(address, home_country=home),
        country=address.country,
        is_company=is_company(address),
    )


def line(name: str, price: str, quantity: str = "1", percent: str = "19", **more: Any) -> Line:
    unit, count = Decimal(price), Decimal(quantity)
    return Line(
        name=name,
        quantity=count,
        unit_price=unit,
        total=unit * count,
        tax_percents=(Decimal(percent),),
        **more,
    )


def document(**changes: Any) -> DocumentContent:
    """A German invoice over six lines, with `changes`."""
    return DocumentContent.model_validate({**dict(GERMAN), **changes})


GERMAN = DocumentContent(
    kind=DocumentKind.INVOICE,
    number="2026-000128",
    specimen=False,
    language="de-DE",
    currency="EUR",
    decimals=2,
    issued_on=date(2026, 11, 23),
    order_number="10482",
    ordered_on=date(2026, 11, 22),
    paid_on=date(2026, 11, 22),
    payment_method="Kreditkarte (Stripe)",
    prices_include_tax=True,
    seller=GERMAN_SELLER,
    buyer=party(
        "DE",
        first_name="Jürgen",
        last_name="Weiß-Großmann",
        company="Weiß & Söhne GmbH",
        address_1="Straße des 17. Juni 135",
        address_2="Hinterhaus, 3. OG",
        city="Berlin",
        state="DE-BE",
        postcode="10623",
        country="DE",
    ),
    ship_to=None,
    lines=(
        line("Sencha Morgentau", "12.90", "2", "7", details=("Gewicht: 100 g",), sku="TEE-017"),
        line("Genmaicha mit geröstetem Reis", "9.50", "1", "7", sku="TEE-021"),
        line("Matcha „Uji“ in der Dose", "34.00", "1", "7", details=("Gewicht: 40 g",)),
        line("Kyusu, Seitengriffkanne aus Tokoname-Ton", "78.00", sku="KER-003"),
        line("Teefilter aus Bambus", "6.40", "3"),
        line("Matcha-Besen, 80 Borsten", "24.90"),
    ),
    rows=(
        Row(kind=RowKind.DISCOUNT, label="herbst10", amount=Decimal("-19.14")),
        Row(kind=RowKind.SHIPPING, label="DHL Paket", amount=Decimal("4.90")),
    ),
    taxes=(
        Tax(label="MwSt.", percent=Decimal("7"), net=Decimal("58.32"), tax=Decimal("4.08")),
        Tax(label="MwSt.", percent=Decimal("19"), net=Decimal("96.44"), tax=Decimal("18.32")),
    ),
    total_net=Decimal("154.76"),
    total_tax=Decimal("22.40"),
    total=Decimal("177.16"),
    paid=True,
    footer=BANK,
)

FRENCH = document(
    number="2026-000129",
    language="fr-FR",
    payment_method="Virement bancaire",
    paid=False,
    paid_on=None,
    due_on=date(2026, 12, 7),
    prices_include_tax=False,
    buyer=party(
        "DE",
        first_name="Zoë",
        last_name="D’Aubigné",
        address_1="12 bis, rue de l’Église",
        city="Orléans",
        postcode="45000",
        country="FR",
    ),
    ship_to=party(
        "DE",
        company="Librairie de la Loire",
        address_1="3, place du Martroi",
        city="Orléans",
        postcode="45000",
        country="FR",
    ),
    lines=(
        line("Thé Sencha « Rosée du matin »", "1074.50", "2", "20"),
        line("Théière en fonte", "96.00", "1", "20", details=("Couleur : bleu nuit", "0,8 l")),
    ),
    rows=(Row(kind=RowKind.SHIPPING, label="Colissimo", amount=Decimal("7.50")),),
    taxes=(Tax(label="TVA", percent=Decimal("20"), net=Decimal("2252.50"), tax=Decimal("450.50")),),
    total_net=Decimal("2252.50"),
    total_tax=Decimal("450.50"),
    total=Decimal("2703.00"),
)

JAPANESE = document(
    number="2026-000131",
    language="ja",
    currency="JPY",
    decimals=0,
    payment_method="クレジットカード",
    seller=JAPANESE_SELLER,
    buyer=party(
        "JP",
        first_name="花子",
        last_name="山田",
        company="株式会社サンプル",
        address_1="千代田1-1",
        address_2="皇居ビル 2F",
        city="千代田区",
        state="JP13",
        postcode="100-0001",
        country="JP",
    ),
    lines=(
        line(
            "宇治抹茶「初昔」40g", "3240", "2", "8", details=("缶入り",), sku="MT-040", reduced=True
        ),
        line("煎茶 朝露 100g", "1620", "1", "8", reduced=True),
        line("常滑焼 横手急須(髙資陶苑・﨑山作)", "13200", "1", "10", sku="KY-003"),
    ),
    rows=(Row(kind=RowKind.SHIPPING, label="ヤマト運輸 宅急便", amount=Decimal("880")),),
    taxes=(
        Tax(label="消費税", percent=Decimal(8), net=Decimal(7500), tax=Decimal(600), reduced=True),
        Tax(label="消費税", percent=Decimal("10"), net=Decimal("12800"), tax=Decimal("1280")),
    ),
    total_net=Decimal("20300"),
    total_tax=Decimal("1880"),
    total=Decimal("22180"),
    footer=("京都銀行 本店営業部", "普通 1234567", "カ)チャノハショウテン"),
)

ENGLISH = document(
    number="2026-000132",
    language="en-GB",
    currency="KWD",
    decimals=3,
    payment_method="",
    specimen=True,
    buyer=party(
        "DE",
        first_name="Ahmad",
        last_name="Al-Sabah",
        address_1="Block 3, Street 5",
        city="Kuwait City",
        postcode="13001",
        country="KW",
    ),
    lines=(line("Gyokuro “Jade Dew” 🍵 ✓", "18.455", "2", "0"),),
    rows=(
        Row(kind=RowKind.FEE, label="Gift wrapping", amount=Decimal("1.250")),
        Row(kind=RowKind.ROUNDING, amount=Decimal("0.005")),
    ),
    taxes=(Tax(label="VAT", percent=Decimal("0"), net=Decimal("38.165"), tax=Decimal("0")),),
    total_net=Decimal("38.165"),
    total_tax=Decimal("0"),
    total=Decimal("38.165"),
)

ARABIC = document(
    number="2026-000134",
    language="ar-AE",
    currency="AED",
    payment_method="بطاقة ائتمان",
    seller=Party(
        name="بيت الشاي",
        address=("بيت الشاي ذ.م.م", "شارع الشيخ زايد 12", "دبي", "الإمارات العربية المتحدة"),
        country="AE",
        email="hello@teahouse.example",
        phone="+971 4 555 0123",
        tax_ids=(("vat", "100123456700003"),),
    ),
    buyer=Party(
        name="ليلى حداد",
        address=("شارع الكورنيش 7", "برج البحر، شقة 12", "أبوظبي"),
        country="AE",
    ),
    lines=(
        line("شاي سنشا الياباني 100 غ", "62.50", "2", "5", sku="TEA-017"),
        line("Matcha “Uji” 40 g", "145.00", "1", "5", details=("الوزن: 40 غ",)),
        line("إبريق شاي من الفخار", "320.00", "1", "5", sku="KER-003"),
    ),
    rows=(Row(kind=RowKind.SHIPPING, label="أرامكس", amount=Decimal("25.00")),),
    taxes=(
        Tax(
            label="ضريبة القيمة المضافة",
            percent=Decimal(5),
            net=Decimal("585.71"),
            tax=Decimal("29.29"),
        ),
    ),
    total_net=Decimal("585.71"),
    total_tax=Decimal("29.29"),
    total=Decimal("615.00"),
    footer=(),
)

HEBREW = document(
    number="2026-000135",
    language="he-IL",
    currency="ILS",
    payment_method="כרטיס אשראי",
    seller=Party(
        name="בית התה",
        address=("רחוב הרצל 12", "תל אביב 6688312"),
        country="IL",
        email="shalom@teahouse.example",
        tax_ids=(("vat", "514567897"),),
    ),
    buyer=Party(name="נועה כהן", address=("רחוב יפו 97", "ירושלים 9434001"), country="IL"),
    lines=(
        line("תה סנצ'ה יפני 100 גרם", "59.00", "2", "18", sku="TEA-017"),
        line("קומקום חרס (Tokoname)", "290.00", "1", "18"),
    ),
    rows=(Row(kind=RowKind.SHIPPING, label="", amount=Decimal("25.00")),),
    taxes=(Tax(label="מע״מ", percent=Decimal(18), net=Decimal("366.95"), tax=Decimal("66.05")),),
    total_net=Decimal("366.95"),
    total_tax=Decimal("66.05"),
    total=Decimal("433.00"),
    footer=(),
)

UNPAID = document(
    number="2026-000136",
    paid=False,
    paid_on=None,
    due_on=date(2026, 12, 7),
    supplied_on=date(2026, 11, 24),
    payment_method="Überweisung",
    bank=Bank(iban="DE89370400440532013000", bic="COBADEFFXXX", name="Beispielbank Berlin"),
    qr="BCD\n002\n1\nSCT\nCOBADEFFXXX\nTeehaus Morgenrot\nDE89370400440532013000\nEUR177.16"
    "\n\n\nRechnung 2026-000136",
    statements=(
        Statement(key="reverse_charge", law="§ 13b UStG"),
        Statement(key="margin", law="§ 25a UStG"),
    ),
    home_tax=HomeTax(currency="CHF", tax=Decimal("21.10"), rate=Decimal("0.9412")),
    note="Vielen Dank für Ihren Einkauf. Bis bald im Teehaus.",
    einvoice=True,
)
"""An invoice with every field that there is."""

CREDIT_NOTE = document(
    kind=DocumentKind.CREDIT_NOTE,
    number="GS-00004",
    issued_on=date(2026, 12, 2),
    refers_to=Reference(number="2026-000128", issued_on=date(2026, 11, 23)),
    reason="Eine Kanne kam zerbrochen an.",
    lines=(line("Kyusu, Seitengriffkanne aus Tokoname-Ton", "78.00", sku="KER-003"),),
    rows=(),
    taxes=(Tax(label="MwSt.", percent=Decimal(19), net=Decimal("65.55"), tax=Decimal("12.45")),),
    total_net=Decimal("65.55"),
    total_tax=Decimal("12.45"),
    total=Decimal("78.00"),
)

PACKING_SLIP = document(
    kind=DocumentKind.PACKING_SLIP,
    number="10482",
    note="Bitte die Kanne doppelt einschlagen.",
)

LONG = document(
    number="2026-000133",
    lines=tuple(
        line(f"Position {n}: Sencha aus Kagoshima, Ernte {2000 + n}", "10.00", sku=f"S-{n:03}")
        for n in range(1, 61)
    ),
    total=Decimal("600.00"),
    rows=(),
)

BY_LANGUAGE = {
    "de": GERMAN,
    "fr": FRENCH,
    "ja": JAPANESE,
    "en": ENGLISH,
    "ar": ARABIC,
    "he": HEBREW,
}


def einvoice_sample() -> bytes:
    """An invoice over six lines as EN 16931 data (CII), 8 KB: what is embedded, never read."""
    lines = "".join(
        _EINVOICE_LINE.format(
            number=number, name=each.name, price=each.unit_price, total=each.total
        )
        for number, each in enumerate(GERMAN.lines, start=1)
    )
    return _EINVOICE.replace("{lines}", lines).encode()


_EINVOICE_LINE = """
    <ram:IncludedSupplyChainTradeLineItem>
      <ram:AssociatedDocumentLineDocument>
        <ram:LineID>{number}</ram:LineID>
      </ram:AssociatedDocumentLineDocument>
      <ram:SpecifiedTradeProduct>
        <ram:Name>{name}</ram:Name>
      </ram:SpecifiedTradeProduct>
      <ram:SpecifiedLineTradeAgreement>
        <ram:NetPriceProductTradePrice>
          <ram:ChargeAmount>{price}</ram:ChargeAmount>
        </ram:NetPriceProductTradePrice>
      </ram:SpecifiedLineTradeAgreement>
      <ram:SpecifiedLineTradeDelivery>
        <ram:BilledQuantity unitCode="C62">1</ram:BilledQuantity>
      </ram:SpecifiedLineTradeDelivery>
      <ram:SpecifiedLineTradeSettlement>
        <ram:ApplicableTradeTax>
          <ram:TypeCode>VAT</ram:TypeCode>
          <ram:CategoryCode>S</ram:CategoryCode>
          <ram:RateApplicablePercent>19</ram:RateApplicablePercent>
        </ram:ApplicableTradeTax>
        <ram:SpecifiedTradeSettlementLineMonetarySummation>
          <ram:LineTotalAmount>{total}</ram:LineTotalAmount>
        </ram:SpecifiedTradeSettlementLineMonetarySummation>
      </ram:SpecifiedLineTradeSettlement>
    </ram:IncludedSupplyChainTradeLineItem>"""

_EINVOICE = """<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice
    xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
    xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
    xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
  <rsm:ExchangedDocumentContext>
    <ram:GuidelineSpecifiedDocumentContextParameter>
      <ram:ID>urn:cen.eu:en16931:2017</ram:ID>
    </ram:GuidelineSpecifiedDocumentContextParameter>
  </rsm:ExchangedDocumentContext>
  <rsm:ExchangedDocument>
    <ram:ID>2026-000128</ram:ID>
    <ram:TypeCode>380</ram:TypeCode>
    <ram:IssueDateTime>
      <udt:DateTimeString format="102">20261123</udt:DateTimeString>
    </ram:IssueDateTime>
  </rsm:ExchangedDocument>
  <rsm:SupplyChainTradeTransaction>{lines}
    <ram:ApplicableHeaderTradeAgreement>
      <ram:SellerTradeParty>
        <ram:Name>Teehaus Morgenrot GmbH</ram:Name>
        <ram:PostalTradeAddress>
          <ram:PostcodeCode>10969</ram:PostcodeCode>
          <ram:LineOne>Lindenstraße 12</ram:LineOne>
          <ram:CityName>Berlin</ram:CityName>
          <ram:CountryID>DE</ram:CountryID>
        </ram:PostalTradeAddress>
        <ram:SpecifiedTaxRegistration>
          <ram:ID schemeID="VA">DE811907980</ram:ID>
        </ram:SpecifiedTaxRegistration>
      </ram:SellerTradeParty>
      <ram:BuyerTradeParty>
        <ram:Name>Weiß &amp; Söhne GmbH</ram:Name>
        <ram:PostalTradeAddress>
          <ram:PostcodeCode>10623</ram:PostcodeCode>
          <ram:LineOne>Straße des 17. Juni 135</ram:LineOne>
          <ram:CityName>Berlin</ram:CityName>
          <ram:CountryID>DE</ram:CountryID>
        </ram:PostalTradeAddress>
      </ram:BuyerTradeParty>
    </ram:ApplicableHeaderTradeAgreement>
    <ram:ApplicableHeaderTradeDelivery/>
    <ram:ApplicableHeaderTradeSettlement>
      <ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
      <ram:SpecifiedTradeSettlementHeaderMonetarySummation>
        <ram:LineTotalAmount>191.40</ram:LineTotalAmount>
        <ram:TaxBasisTotalAmount>154.76</ram:TaxBasisTotalAmount>
        <ram:TaxTotalAmount currencyID="EUR">22.40</ram:TaxTotalAmount>
        <ram:GrandTotalAmount>177.16</ram:GrandTotalAmount>
        <ram:DuePayableAmount>0.00</ram:DuePayableAmount>
      </ram:SpecifiedTradeSettlementHeaderMonetarySummation>
    </ram:ApplicableHeaderTradeSettlement>
  </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>
"""

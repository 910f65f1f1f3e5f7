"""The mail that a customer note becomes, as the customer sees it (recordings, 25)."""

import html
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel import Locale

from app.demo.kses import paragraphs
from app.demo.money import CURRENCY_DECIMALS

Record = dict[str, Any]


@dataclass(frozen=True)
class SiteWords:
    """What WooCommerce's own templates say in a site's language. `{name}`: the first name."""

    language: str = "en"
    direction: str = "ltr"
    greeting: str = "Hi {name},"
    nameless: str = "Hi,"
    noted: str = "The following note has been added to your order:"
    reminder: str = "As a reminder, here are your order details:"
    order: str = "Order #{number} ({day})"
    total: str = "Total"
    billing: str = "Billing address"
    shipping: str = "Shipping address"


WORDS = {
    "en": SiteWords(),
    "ja": SiteWords(
        "ja",
        greeting="{name} 様",
        nameless="お客様",
        noted="ご注文に次のメモが追加されました。",
        reminder="ご参考までに、ご注文の詳細は次のとおりです。",
        order="ご注文 #{number}（{day}）",
        total="合計",
        billing="請求先住所",
        shipping="お届け先住所",
    ),
    "ar": SiteWords(
        "ar",
        "rtl",
        greeting="مرحبًا {name}،",
        nameless="مرحبًا،",
        noted="أُضيفت الملاحظة التالية إلى طلبك:",
        reminder="للتذكير، إليك تفاصيل طلبك:",
        order="الطلب رقم {number} ({day})",
        total="الإجمالي",
        billing="عنوان الفاتورة",
        shipping="عنوان الشحن",
    ),
}


def filled(template: str, order: Record, site: str, base_url: str) -> str:
    """A subject or heading with its placeholders filled in."""
    values = {
        "{order_number}": str(order["number"]),
        "{order_date}": order["date_created"][:10],
        "{site_title}": site,
        "{site_url}": base_url,
        "{site_address}": base_url.partition("://")[2],
        "{store_email}": "shop@shop.example",
    }
    for placeholder, value in values.items():
        template = template.replace(placeholder, value)
    return template


def _money(value: Decimal, order: Record) -> str:
    places = CURRENCY_DECIMALS.get(order["currency"], 2)
    return f"<bdi>{html.escape(order['currency_symbol'])}{value:,.{places}f}</bdi>"


def _rows(order: Record, site: SiteWords) -> str:
    """Lines with their tax, as a shop shows them whose prices include it."""
    lines = [
        # names of line items are HTML in the shop itself and stand in its mails as they are
        *((f"{line['name']} × {line['quantity']}", line) for line in order["line_items"]),
        *((html.escape(line["method_title"]), line) for line in order["shipping_lines"]),
        *((html.escape(line["name"]), line) for line in order["fee_lines"]),
    ]
    rows = [
        f"<tr><td>{name}</td>"
        f"<td>{_money(Decimal(line['total']) + Decimal(line['total_tax']), order)}</td></tr>"
        for name, line in lines
    ]
    total = _money(Decimal(order["total"]), order)
    rows.append(f"<tr><th>{site.total}</th><td>{total}</td></tr>")
    return "\n".join(rows)


def _address(title: str, address: Record, site: SiteWords) -> str:
    """In the form of its country; Japan writes from the large to the small."""
    names = [address["first_name"], address["last_name"]]
    place = [address["address_1"], address["address_2"]]
    town = f"{address['postcode']} {address['city']}".strip()
    country = Locale(site.language).territories.get(address["country"], address["country"])
    if address["country"] == "JP":
        lines = [f"〒{address['postcode']}", address["city"] + address["address_1"]]
        lines += [address["address_2"], address["company"], " ".join(names[::-1]).strip()]
    else:
        lines = [" ".join(names).strip(), address["company"], *place, town]
    shown = "<br>".join(html.escape(line) for line in [*lines, country] if line)
    return f"<h2>{title}</h2><address>{shown}</address>"


def order_mail(
    order: Record, heading: str, words: str, closing: str, site: SiteWords = WORDS["en"]
) -> str:
    """The frame of every mail about an order: heading, words, the order again, both addresses."""
    first_name = html.escape(order["billing"]["first_name"])
    greeting = site.greeting.format(name=first_name) if first_name else site.nameless
    day = f"<bdi>{order['date_created'][:10]}</bdi>"
    title = site.order.format(number=html.escape(order["number"]), day=day)
    return (
        f'<div lang="{site.language}" dir="{site.direction}">\n'
        f"<h1>{html.escape(heading)}</h1>\n<p>{greeting}</p>\n{words}\n"
        f"<h2>{title}</h2>\n"
        f"<table>\n{_rows(order, site)}\n</table>\n"
        f"{_address(site.billing, order['billing'], site)}\n"
        f"{_address(site.shipping, order['shipping'], site)}\n"
        f"<p>{html.escape(closing)}</p>\n</div>"
    )


def note_mail(
    order: Record, heading: str, note: str, closing: str, site: SiteWords = WORDS["en"]
) -> str:
    """The "Customer note" mail; the note stands in it as HTML, quoted."""
    words = (
        f"<p>{site.noted}</p>\n<blockquote>{paragraphs(note)}</blockquote>\n<p>{site.reminder}</p>"
    )
    return order_mail(order, heading, words, closing, site)


FRAME = (
    '<!doctype html><meta charset="utf-8"><base target="_blank"><style>'
    "body{font:16px/1.5 system-ui,sans-serif;color:#1F2A33;background:#fff;max-width:38rem;"
    "margin:0 auto;padding:1.5rem}h1{font-size:1.4rem}"
    "blockquote{border-inline-start:3px solid #264B7A;margin:1rem 0;padding:.1rem 1rem}"
    "address{font-style:normal}"
    "table{width:100%;border-collapse:collapse}td,th{text-align:start;font-weight:400;"
    "border-bottom:1px solid #ddd;padding:.35rem 0}td:last-child{text-align:end}</style>"
)
"""Around a mail's body, as a mail program shows it."""

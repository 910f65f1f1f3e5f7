"""The mail that a customer note becomes, as the customer sees it (recordings, 25)."""

import html
from typing import Any

from app.demo.kses import paragraphs

Record = dict[str, Any]


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


def _money(value: str, order: Record) -> str:
    return html.escape(f"{value} {order['currency_symbol']}")


def _rows(order: Record) -> str:
    rows = [
        # names of line items are HTML in the shop itself and stand in its mails as they are
        f"<tr><td>{line['name']} × {line['quantity']}</td>"
        f"<td>{_money(line['total'], order)}</td></tr>"
        for line in order["line_items"]
    ]
    rows += [
        f"<tr><th>{html.escape(line['method_title'])}</th>"
        f"<td>{_money(line['total'], order)}</td></tr>"
        for line in order["shipping_lines"]
    ]
    rows.append(f"<tr><th>Total</th><td>{_money(order['total'], order)}</td></tr>")
    return "\n".join(rows)


def _address(title: str, address: Record) -> str:
    name = f"{address['first_name']} {address['last_name']}".strip()
    lines = [address["company"], name, address["address_1"], address["address_2"]]
    lines += [f"{address['postcode']} {address['city']}".strip(), address["country"]]
    shown = "<br>".join(html.escape(line) for line in lines if line)
    return f"<h2>{title}</h2><address>{shown}</address>"


def order_mail(order: Record, heading: str, words: str, closing: str) -> str:
    """The frame of every mail about an order: heading, words, the order again, both addresses."""
    first_name = html.escape(order["billing"]["first_name"])
    greeting = f"<p>Hi {first_name},</p>" if first_name else "<p>Hi,</p>"
    return (
        f"<h1>{html.escape(heading)}</h1>\n{greeting}\n{words}\n"
        f"<h2>Order #{html.escape(order['number'])} ({order['date_created'][:10]})</h2>\n"
        f"<table>\n{_rows(order)}\n</table>\n"
        f"{_address('Billing address', order['billing'])}\n"
        f"{_address('Shipping address', order['shipping'])}\n"
        f"<p>{html.escape(closing)}</p>"
    )


def note_mail(order: Record, heading: str, note: str, closing: str) -> str:
    """The "Customer note" mail; the note stands in it as HTML, quoted."""
    words = (
        "<p>The following note has been added to your order:</p>\n"
        f"<blockquote>{paragraphs(note)}</blockquote>\n"
        "<p>As a reminder, here are your order details:</p>"
    )
    return order_mail(order, heading, words, closing)

"""What the shop starts with: settings, taxes, products, and made-up buyers all over the world.

Everything here is invented; e-mail addresses lie in domains that can never exist.
"""

import copy
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("data") / "store.json"


@lru_cache(maxsize=1)
def _read() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return data


def seed(name: str) -> Any:
    """A private copy of one section of the start data."""
    return copy.deepcopy(_read()[name])


def currencies() -> dict[str, list[str]]:
    """code -> [name, symbol as an HTML entity]. Shared; do not change."""
    found: dict[str, list[str]] = _read()["currencies"]
    return found


# id: name (as the shop stores it, with entities), sku, price including tax, tax class,
# stock or None where it is not managed, virtual
_PRODUCTS: dict[int, tuple[str, str, str, str, int | None, bool]] = {
    12: ('Tasse „Käse &amp; Söhne" <i>Edition</i> ☕', "MUG-01", "14.99", "", 50_000, False),
    13: ("Livre – L’été à Orléans", "BOOK-FR", "21.10", "reduced-rate", 50_000, False),
    14: ("宇治抹茶 一番茶 100g", "TEA-JP", "38.50", "reduced-rate", None, False),
    15: ("着物 『桜🌸』", "KIM-01", "249.00", "", None, False),
    16: ("مصباح زيتي نحاسي", "LAMP-AR", "59.00", "", None, False),
    17: ("צעיף צמר Wollschal", "SCARF-HE", "39.90", "", None, False),
    19: ("Beratung 1 h", "SRV-1", "119.00", "", None, True),
    20: ('Bolsa "Café" – edição limitada 💼', "BAG-BR", "33.33", "", 50_000, False),
    21: ("Free sample", "FREE-0", "0.00", "zero-rate", None, False),
    22: ("Goldbarren 1 g", "GOLD-1", "129.90", "zero-rate", None, False),
    23: ("Schraube M3 (Stück)", "SCREW-3", "0.07", "", None, False),
    24: ("T-Shirt “Ærø” 👕", "TEE", "19.90", "", None, False),
}

# id: sku, price, attributes as (slug, value, label shown, value shown)
_VARIATIONS: dict[int, tuple[str, str, list[tuple[str, str, str, str]]]] = {
    25: (
        "TEE-0",
        "19.90",
        [("pa_groesse", "s", "Größe", "S"), ("colour-farbe", "Grün", "Colour/Farbe", "Grün")],
    ),
    26: (
        "TEE-1",
        "21.90",
        [("pa_groesse", "m", "Größe", "M"), ("colour-farbe", "Rouge", "Colour/Farbe", "Rouge")],
    ),
    27: (
        "TEE-2",
        "24.90",
        [
            ("pa_groesse", "xl-more", "Größe", "XL &amp; more"),
            ("colour-farbe", "Grün", "Colour/Farbe", "Grün"),
        ],
    ),
}

FIRST_FREE_ID = 28
"""Products, coupons, orders and refunds share one row of ids, as WordPress posts do."""


def new_product(product_id: int, values: dict[str, Any]) -> dict[str, Any]:
    """A product with every field that REST shows, `values` laid over the defaults."""
    product: dict[str, Any] = seed("product")
    blank = {"sku": "", "price": "0.00", "tax_class": "", "manage_stock": False, "virtual": False}
    product.update(blank, id=product_id, stock_quantity=None, total_sales=0, categories=[])
    product.update(related_ids=[], **values)
    product["regular_price"] = values.get("regular_price", product["price"])
    product["price"] = product["regular_price"] or product["price"]
    slug = (product["sku"] or f"product-{product_id}").lower()
    product.update(slug=slug, permalink=f"{{base}}/product/{slug}/")
    product["shipping_required"] = not product["virtual"]
    return product


def start_products() -> dict[int, dict[str, Any]]:
    """The catalogue of a new shop, by id."""
    products = {}
    for product_id, (name, sku, price, tax_class, stock, virtual) in _PRODUCTS.items():
        values: dict[str, Any] = {"name": name, "sku": sku, "price": price, "tax_class": tax_class}
        values |= {"manage_stock": stock is not None, "stock_quantity": stock, "virtual": virtual}
        if product_id == 24:
            values |= {"type": "variable", **seed("variable")}
        products[product_id] = new_product(product_id, values)
    return products


def variation(variation_id: int) -> dict[str, Any] | None:
    """sku, price and line-item attributes of a variation of the one variable product."""
    row = _VARIATIONS.get(variation_id)
    return {"sku": row[0], "price": row[1], "attributes": row[2]} if row else None


def _address(*fields: str) -> dict[str, str]:
    names = ("first_name", "last_name", "company", "address_1", "address_2")
    names += ("city", "state", "postcode", "country", "email", "phone")
    return dict(zip(names, fields, strict=True))


# fmt: off
BUYERS: dict[str, dict[str, str]] = {
    "DE": _address("Jürgen", "Weiß-Großmann", "", "Lindenweg 12", "Hinterhaus, 3. OG", "Berlin",
                   "DE-BE", "10623", "DE", "juergen@kunde.example", "+49 30 1234567"),
    "DE-company": _address("Anke", "Öztürk", "Öztürk & Söhne GmbH", "Hafenstraße 7", "", "Hamburg",
                           "DE-HH", "20457", "DE", "anke@firma.example", "+49 40 7654321"),
    "AT": _address("Leopold", "Gruber", "", "Mariengasse 3/12", "", "Wien", "", "1060", "AT",
                   "leopold@kunde.example", "+43 1 2345678"),
    "FR": _address("Zoë", "D’Aubigné", "", "12 bis, rue de l’Église", "", "Orléans", "", "45000",
                   "FR", "zoe@client.example", "+33 2 38 00 00 00"),
    "JP": _address("花子", "山田", "株式会社サンプル", "千代田1-1", "見本ビル 2F", "千代田区",
                   "JP13", "100-0001", "JP", "hanako@kyaku.example", "03-1234-5678"),
    "GB": _address("Siobhán", "Smythe & Co", "", "Flat 3, 9 Ashtree Mews", "", "London", "",
                   "SW1A 1AA", "GB", "siobhan@customer.example", "+44 20 7946 0000"),
    "US": _address('Bob "Ace"', "O'Neil", "ACME <LLC>", "9641 Sunset Blvd", "Apt #4",
                   "Beverly Hills", "CA", "90210", "US", "bob+shop@customer.example",
                   "(310) 555-0100"),
    "BR": _address("João", "da Conceição", "", "Avenida Modelo 1578", "", "São Paulo", "SP",
                   "01310-200", "BR", "joao@cliente.example", "+55 11 5555-0100"),
    "KW": _address("Ahmad", "Al-Sabah", "", "Block 2, Street 5", "", "Kuwait City", "", "13001",
                   "KW", "ahmad@customer.example", "+965 5555 0100"),
}

SHIPPING: dict[str, dict[str, str]] = {
    "dhl": {"method_id": "flat_rate", "method_title": "DHL Paket", "total": "4.12",
            "instance_id": "1"},
    "express": {"method_id": "flat_rate", "method_title": "DHL Express", "total": "24.37",
                "instance_id": "4"},
    "ups": {"method_id": "flat_rate", "method_title": "UPS Standard", "total": "9.90",
            "instance_id": "5"},
    "free": {"method_id": "free_shipping", "method_title": "Free shipping", "total": "0.00",
             "instance_id": "2"},
    "pickup": {"method_id": "local_pickup", "method_title": "Abholung", "total": "0.00",
               "instance_id": "3"},
}
# fmt: on

PRICE_FACTORS = {"EUR": "1", "JPY": "160", "GBP": "0.86", "USD": "1.1", "BRL": "6", "KWD": "0.335"}
"""What a price in EUR is multiplied with when an order is placed in another currency."""

PAYMENT_TITLES = {
    "bacs": "Direct bank transfer",
    "cod": "Cash on delivery",
    "stripe": "Credit card (Stripe)",
    "paypal": "PayPal",
}

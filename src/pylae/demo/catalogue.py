"""What the shop sells, and how the two services spell it: to the byte as the walkthrough prints it."""

import base64
import hashlib
import json

ITEMS = (
    {"id": 1, "color": "amber", "department": "Eyewear", "name": "Elinor Glasses", "price": "282.00"},
    {"id": 2, "color": "cyan", "department": "Clothing", "name": "Atlas Shirt", "price": "127.00"},
    {"id": 3, "color": "teal", "department": "Clothing", "name": "Small Metal Shoes", "price": "232.00"},
    {"id": 4, "color": "red", "department": "Watches", "name": "Red Dragon Watch", "price": "232.00"},
)


def indented(items: object) -> bytes:
    """As catalog answers `/items`: indented by two, 502 bytes for all items."""
    return json.dumps(items, indent=2).encode()


def compact(items: object) -> bytes:
    """As webapp answers `/api/catalog`: no spaces, 357 bytes for all items."""
    return json.dumps(items, separators=(",", ":")).encode()


def entity_tag(body: bytes) -> str:
    """The weak tag that Express gives a body: its length in hexadecimal, then 27 characters of its SHA-1."""
    digest = hashlib.sha1(body, usedforsecurity=False).digest()
    return f'W/"{len(body):x}-{base64.b64encode(digest)[:27].decode()}"'

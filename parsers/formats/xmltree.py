"""XML text to a tree of lxml, hardened."""

from __future__ import annotations

from typing import Any


def parse(text: str, *, recover: bool = False) -> Any:
    """The root, or None when it is not well-formed. No DTD, no entities, no network, libxml2's own limits."""
    from lxml import etree  # noqa: PLC0415 - 4 MB that usual feeds do not need

    parser = etree.XMLParser(
        encoding="utf-8",
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        return None
    return root if isinstance(root, etree._Element) else None


def local_name(element: Any) -> str:
    """The name without its namespace, in lower case."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""

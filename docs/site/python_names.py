"""Sets the names in docstrings as code, and links those that the page describes."""

import re

#: Text between tags, and what is left alone: code, links and headings.
PARTS = re.compile(r"<(pre|code|a|h[1-6])\b.*?</\1>|<[^>]*>|[^<]+", re.DOTALL)
#: InvalidInputError and max_payload: a word of several.
NAMES = re.compile(r"\b[A-Z][a-z]+[A-Z]\w+\b|\b[A-Za-z]\w*_\w+\b")


def on_page_content(html, page, config, files):
    if page.file.src_uri != "reference/python.md":
        return html
    anchors = {}
    for anchor in re.findall(r'id="(cachekit_core\.[\w.]+)"', html):
        if anchor.count(".") == 1:
            anchors[anchor.split(".")[1]] = anchor

    def set_name(match):
        name = match.group()
        code = f"<code>{name}</code>"
        return f'<a href="#{anchors[name]}">{code}</a>' if name in anchors else code

    def set_part(match):
        part = match.group()
        return part if part.startswith("<") else NAMES.sub(set_name, part)

    return PARTS.sub(set_part, html)

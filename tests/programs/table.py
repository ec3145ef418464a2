# SPDX-License-Identifier: Apache-2.0
"""What tables of results share: cells, rows with their troubles below, and the file of them."""

import json


def counts_text(counts):
    return ", ".join(f"{n} {what}" for what, n in sorted(counts.items()) if n)


def show_row(row, name, troubles, n_shown):
    """A row, and below it the first of its troubles."""
    print(row, flush=True)
    for trouble in troubles[:n_shown]:
        print(f"  {name}: {trouble}", flush=True)
    if len(troubles) > n_shown:
        print(f"  {name}: ... {len(troubles)} in all")


def write_json(path, rows):
    path.write_text(json.dumps(list(rows), indent=1) + "\n", encoding="utf-8")

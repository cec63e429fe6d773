"""A check as a JUnit file, for build servers."""

from typing import Any
from xml.etree import ElementTree


def junit(check: dict[str, Any]) -> bytes:
    """One test case a node: failed for what does not hold, skipped for what is not minded."""
    counts, baseline = check["counts"], check["baseline"]
    name = f"{check['workflow']} against {baseline['name'] or baseline['run_id']}"
    totals = {
        "name": _text(name),
        "tests": str(len(check["nodes"])),
        "failures": str(counts["failed"] + counts["missing"] + counts["extra"]),
        "errors": "0",
        "skipped": str(counts["ignored"]),
    }
    root = ElementTree.Element("testsuites", {k: v for k, v in totals.items() if k != "skipped"})
    suite = ElementTree.SubElement(root, "testsuite", totals)
    for node in check["nodes"]:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            {"classname": _text(check["workflow"]), "name": _text(node["path"]), "time": "0"},
        )
        if node["verdict"] == "ignored":
            ElementTree.SubElement(case, "skipped", {"message": _text(node["because"])})
        elif node["verdict"] != "passed":
            failure = ElementTree.SubElement(
                case, "failure", {"message": _text(node["because"]), "type": node["verdict"]}
            )
            failure.text = "\n".join(lines_of(node))
    ElementTree.indent(root)
    body: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return body + b"\n"


def lines_of(node: dict[str, Any]) -> list[str]:
    """What does not hold at a node, a line each."""
    from runs.cli.printing import short

    found = []
    for one in node["findings"]:
        line = f"{one['kind']}: {one['at'] or 'the output'} {one['message']}"
        if one["expected"] is not None or one["actual"] is not None:
            line += f" (expected {short(one['expected'], 100)}, got {short(one['actual'], 100)})"
        found.append(_text(line))
    return found


def _text(value: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return "".join(c if c >= " " or c in "\n\t" else "?" for c in value if c not in "\ufffe\uffff")

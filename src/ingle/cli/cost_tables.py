"""What `ingle cost` prints."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_CENT = 0.01


def print_report(report: Mapping[str, Any]) -> None:
    """Print what a month would have cost."""
    console = Console(highlight=False)
    month = date.fromisoformat(f"{report['Month']}-01")
    console.print(
        f"[bold]{month:%B %Y}[/], account {report['AccountId']}, {escape(report['Region'])}: "
        "what AWS would have charged"
    )
    if not report["Functions"]:
        console.print("nothing was used")
        return
    console.print(_functions(report["Functions"]))
    _print_bill(console, report)
    if report["CodeGBMonths"]:
        kept, free = _number(report["CodeGBMonths"]), report["CodeFreeGB"]
        console.print(f"code: {kept} GB, of which AWS keeps {free} GB for nothing")
    if report["Machine"] is not None:
        console.print(_machine(report["Machine"]), soft_wrap=True)
    _print_sources(console, report)


def print_estimate(answer: Mapping[str, Any]) -> None:
    """Print what a workload would cost."""
    console = Console(highlight=False)
    _print_bill(console, answer)
    if answer["FreeTier"]:
        console.print(f"without the free tier: {money(answer['DollarsWithoutFreeTier'])}")
    _print_sources(console, answer)


def money(dollars: float) -> str:
    """Write an amount: in cents, or more exactly where it is less than one."""
    if 0 < dollars < _CENT:
        return f"${dollars:.6f}" if dollars >= 0.000001 else "< $0.000001"
    return f"${dollars:,.2f}"


def _functions(functions: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("function")
    for head in ("requests", "GB-s", "busy", "at a time", "memory used", "before free tier"):
        table.add_column(head, justify="right")
    for each in sorted(functions, key=lambda each: -float(each["DollarsBeforeFreeTier"])):
        table.add_row(
            escape(each["Function"]),
            f"{each['Requests']:,}",
            _number(each["GBSeconds"]),
            f"{_number(each['BusySeconds'])} s",
            f"{each['Concurrency']:,}",
            f"{each['PeakMB']:,} MB",
            money(each["DollarsBeforeFreeTier"]),
        )
    return table


def _print_bill(console: Console, bill: Mapping[str, Any]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("charge")
    for head in ("used", "free", "price", "dollars"):
        table.add_column(head, justify="right")
    for line in bill["Lines"]:
        unit = "" if line["Unit"] == "requests" else f" {line['Unit']}"
        table.add_row(
            line["Name"],
            _number(line["Used"]) + unit,
            _number(line["Free"]) if line["Free"] else "",
            f"{line['Price']:.10f}",
            money(line["Dollars"]),
        )
    tier = "with the free tier" if bill["FreeTier"] else "without the free tier"
    table.add_row(f"[bold]total[/] {tier}", "", "", "", f"[bold]{money(bill['Dollars'])}[/]")
    console.print(table)


def _machine(machine: Mapping[str, Any]) -> str:
    measured = machine["Measured"]
    count, processors = machine["Count"], machine["Processors"]
    each = f"{processors} processor{'s' if processors > 1 else ''}, {machine['MemoryGB']} GB"
    machines = f"one machine ({each})" if count == 1 else f"{count} machines ({each} each)"
    return (
        f"[bold]{machines}[/] would carry it: in the busiest minutes, {measured['Concurrency']} "
        f"ran at a time and used {measured['MemoryMB']:,} MB, and "
        f"{measured['BusyProcessors']:.2f} processors were busy"
    )


def _print_sources(console: Console, bill: Mapping[str, Any]) -> None:
    for name, said in (
        ("PricesOfAnotherRegion", "us-east-1's prices stand in for those of"),
        ("NotInPriceList", "the price list does not have, and the total leaves out,"),
    ):
        if bill[name]:
            console.print(f"{said}: {', '.join(bill[name])}", soft_wrap=True)
    console.print(
        f"prices of {bill['Prices']['Date']}, durations rounded up to {bill['Rounding']}",
        style="dim",
    )


def _number(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if value >= 100 else f"{value:.4g}"

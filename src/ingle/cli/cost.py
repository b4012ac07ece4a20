"""`ingle cost`: what functions would cost on AWS."""

import inspect
import json
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from ingle.cli.connection import connect
from ingle.cli.errors import USAGE, CommandError
from ingle.cli.options import DataDir, EndpointUrl, Format, Region, TableFormat

_ROUTE = "/_ingle/cost"

FreeTier = Annotated[
    bool, typer.Option("--free-tier/--no-free-tier", help="Take off what AWS gives every month.")
]
Rounding = Annotated[
    str | None,
    typer.Option(
        metavar="1ms|100ms",
        show_default="the price list's",
        help="What durations are rounded up to; AWS rounded to 100ms until December 2020.",
    ),
]
Prices = Annotated[
    str | None,
    typer.Option(metavar="DATE", show_default="the newest", help="The price list of this date."),
]

app = typer.Typer(
    invoke_without_command=True,
    help=inspect.cleandoc(
        """
        Tell what functions would have cost on AWS.

        It is told for a month, function by function, with the machine that would carry them.

        \b
        Examples:
          ingle cost                            this month, so far
          ingle cost --month 2026-11 --function hello
          ingle cost --no-free-tier --rounding 100ms --format json
          ingle cost estimate --requests 3000000 --memory 512 --duration 100ms
        """
    ),
)


@app.callback()
def cost(
    context: typer.Context,
    month: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM", show_default="this month", help="Which month, of UTC."),
    ] = None,
    function: Annotated[str | None, typer.Option(help="Of one function only, by its name.")] = None,
    free_tier: FreeTier = True,
    rounding: Rounding = None,
    prices: Prices = None,
    format: TableFormat = Format.TABLE,
    endpoint_url: EndpointUrl = None,
    data_dir: DataDir = None,
    region: Region = None,
) -> None:
    """Print the report, where no command follows."""
    if context.invoked_subcommand is not None:
        return
    given = {"month": month, "function": function, "rounding": rounding, "prices": prices}
    query = {name: value for name, value in given.items() if value is not None}
    query["free_tier"] = str(free_tier).lower()
    connection = connect(endpoint_url, data_dir, region)
    with connection.errors():
        report = connection.call("GET", f"{_ROUTE}?{urlencode(query, quote_via=quote)}")
    if format is Format.JSON:
        typer.echo(json.dumps(report, indent=2))
        return
    from ingle.cli.cost_tables import print_report

    print_report(report)


@app.command()
def estimate(
    requests: Annotated[
        str, typer.Option(metavar="NUMBER", help="Invocations a month, like 3000000 or 3M.")
    ],
    memory: Annotated[str, typer.Option(metavar="MB", help="The memory, like 512 or 2GB.")],
    duration: Annotated[
        str, typer.Option(metavar="SPAN", help="How long one takes, like 100ms or 1.5s.")
    ],
    architecture: Annotated[str, typer.Option(metavar="x86_64|arm64")] = "x86_64",
    ephemeral: Annotated[str, typer.Option(metavar="MB", help="The size of /tmp.")] = "512",
    provisioned: Annotated[
        str, typer.Option(metavar="NUMBER", help="Provisioned concurrency, which serves them all.")
    ] = "0",
    provisioned_for: Annotated[
        str, typer.Option(metavar="SPAN", help="How long it is provisioned in the month.")
    ] = "730h",
    region: Annotated[
        str, typer.Option(envvar="AWS_REGION", help="The AWS region, whose prices count.")
    ] = "us-east-1",
    free_tier: FreeTier = True,
    rounding: Rounding = None,
    prices: Prices = None,
    format: TableFormat = Format.TABLE,
) -> None:
    """Tell what so many invocations would cost on AWS; no server is asked.

    \b
    Examples:
      ingle cost estimate --requests 3M --memory 512 --duration 100ms
      ingle cost estimate --requests 3M --memory 512 --duration 100ms --architecture arm64
      ingle cost estimate --requests 500000 --memory 1536 --duration 100ms --provisioned 100
        --provisioned-for 8h
      ingle cost estimate --requests 22M --memory 128 --duration 100ms --prices 2014-11-13
    """
    from ingle.cli.amounts import count, size_mb, span_ms
    from ingle.cost.bill import bill, described, dollars
    from ingle.cost.estimate import Workload, usage_of

    workload = Workload(
        count("--requests", requests),
        _within("--memory", size_mb("--memory", memory), 128, 10_240, "MB"),
        _within("--duration", span_ms("--duration", duration), 1, 900_000, "ms"),
        _within("--ephemeral", size_mb("--ephemeral", ephemeral), 512, 10_240, "MB"),
        count("--provisioned", provisioned),
        span_ms("--provisioned-for", provisioned_for),
    )
    if architecture not in ("x86_64", "arm64"):
        raise CommandError(
            f"there is no architecture {architecture!r}", "give x86_64 or arm64", USAGE
        )
    listed = _price_list(prices)
    rounding_ms = _rounding_ms(rounding, listed.rounding_ms)
    usage = {architecture: usage_of(workload, rounding_ms)}
    with_free, without = (bill(usage, listed, region, free_tier=wanted) for wanted in (True, False))
    chosen = with_free if free_tier else without
    answer: dict[str, Any] = {
        "Region": region,
        "Prices": {"Date": listed.date.isoformat(), "Sources": listed.sources},
        "Rounding": f"{rounding_ms}ms",
        "FreeTier": free_tier,
        "Lines": described(chosen),
        "Dollars": dollars(chosen.dollars),
        "DollarsWithFreeTier": dollars(with_free.dollars),
        "DollarsWithoutFreeTier": dollars(without.dollars),
        "PricesOfAnotherRegion": chosen.assumed,
        "NotInPriceList": chosen.unpriced,
    }
    if format is Format.JSON:
        typer.echo(json.dumps(answer, indent=2))
        return
    from ingle.cli.cost_tables import print_estimate

    print_estimate(answer)


def _within(option: str, value: int, least: int, most: int, unit: str) -> int:
    if not least <= value <= most:
        raise CommandError(
            f"{option} is {least} to {most} {unit} on AWS, not {value}",
            "give another one",
            USAGE,
        )
    return value


def _price_list(day: str | None) -> Any:
    from ingle.cost.prices import UnknownPrices, price_list

    try:
        return price_list(date.fromisoformat(day) if day is not None else None)
    except ValueError:
        raise CommandError(
            f"--prices {day!r} is not a date", "give one like 2026-09-19", USAGE
        ) from None
    except UnknownPrices as error:
        raise CommandError(str(error), status=USAGE) from None


def _rounding_ms(text: str | None, usual: int) -> int:
    from ingle.cost.usage import ROUNDINGS_MS

    known = {f"{each}ms": each for each in ROUNDINGS_MS}
    if text is None:
        return usual
    if text not in known:
        raise CommandError(f"--rounding is not {text!r}", f"give {' or '.join(known)}", USAGE)
    return known[text]

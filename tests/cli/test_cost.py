"""`ingle cost estimate`, which needs no server."""

import json

import pytest

ESTIMATE = ("cost", "estimate", "--requests", "3000000", "--memory", "512", "--duration", "100ms")


def test_it_answers_as_aws_s_calculator_does(run):
    told = json.loads(run(*ESTIMATE, "--format", "json").stdout)
    assert told["DollarsWithFreeTier"] == pytest.approx(0.40)
    assert told["DollarsWithoutFreeTier"] == pytest.approx(3.10, abs=0.001)
    assert told["Dollars"] == told["DollarsWithFreeTier"]
    assert [(line["Name"], line["Used"]) for line in told["Lines"]] == [
        ("requests", 3_000_000),
        ("compute x86_64", 150_000),
    ]
    printed = run(*ESTIMATE).stdout
    assert "total with the free tier" in printed
    assert "$0.40" in printed
    assert "without the free tier: $3.10" in printed
    assert "$3.10" in run(*ESTIMATE, "--no-free-tier").stdout


@pytest.mark.parametrize(
    ("requests", "memory", "duration"),
    [("22 M", "128", "100ms"), ("1,055,000", "1GB", "500ms"), ("360k", "1.5GB", "1s")],
)
def test_the_classic_tables_come_out(run, requests, memory, duration):
    told = run(
        *("cost", "estimate", "--requests", requests, "--memory", memory),
        *("--duration", duration, "--prices", "2014-11-13", "--no-free-tier"),
        *("--format", "json"),
    )
    assert json.loads(told.stdout)["Dollars"] == pytest.approx(9, abs=0.1)
    assert json.loads(told.stdout)["Rounding"] == "100ms"


def test_architecture_region_storage_and_provisioned_concurrency_count(run):
    def dollars(*more):
        done = run(*ESTIMATE, "--no-free-tier", "--format", "json", *more)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["Dollars"]

    plain = dollars()
    assert dollars("--architecture", "arm64") < plain
    assert dollars("--region", "af-south-1") > plain
    assert dollars("--ephemeral", "10GB") > plain
    assert dollars("--provisioned", "10", "--provisioned-for", "90h") > plain
    assert dollars("--duration", "101ms", "--rounding", "100ms") > 1.5 * plain


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--requests", "many"), "--requests 'many' is not a number"),
        (("--memory", "64"), "--memory is 128 to 10240 MB on AWS, not 64"),
        (("--memory", "big"), "--memory 'big' is not a size"),
        (("--duration", "100"), "--duration '100' is not a span of time"),
        (("--duration", "901s"), "--duration is 1 to 900000 ms on AWS, not 901000"),
        (("--ephemeral", "20GB"), "--ephemeral is 512 to 10240 MB on AWS, not 20480"),
        (("--architecture", "mips"), "there is no architecture 'mips'"),
        (("--rounding", "10ms"), "--rounding is not '10ms'"),
        (("--prices", "today"), "--prices 'today' is not a date"),
        (("--prices", "2020-01-01"), "there is no price list of 2020-01-01"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(run, more, said):
    done = run(*ESTIMATE, *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr

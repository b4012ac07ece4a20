"""Where requests come in."""

from collections.abc import Callable, Mapping
from typing import Any

from ingle.gateway.gateway import Gateway
from ingle.gateway.own_routes import OwnRoutes, Report
from ingle.http.server import HttpServer
from ingle.metering.report import CostReports
from ingle.parts.base import Base
from ingle.parts.identities import Identities
from ingle.parts.messaging import Messaging
from ingle.parts.observing import Observing
from ingle.parts.records import Records
from ingle.services.alexa.api import Skills, skill_verifier
from ingle.services.lambda_.api import LambdaService
from ingle.wire.service import Service


def make_entrance(
    base: Base,
    identities: Identities,
    records: Records,
    observing: Observing,
    messaging: Messaging,
    functions: LambdaService,
    services: Mapping[str, Service],
    health: Callable[[], Mapping[str, Any]],
) -> HttpServer:
    """Make what answers requests; it is still to be started.

    Args:
        base: what everything is built on.
        identities: who there is.
        records: what is told of costs.
        observing: what is told of the server.
        messaging: the buckets that browsers use, the pages of topics, and what is elsewhere.
        functions: have URLs, packages and skills.
        services: all of this server, by botocore's names.
        health: says how the server is.
    """
    config, clock = base.config, base.clock
    costs = CostReports(records.meter.store, clock, records.meter.flush)
    own_routes = OwnRoutes(
        identities.verifier,
        identities.authorizer,
        functions.package_path,
        health,
        observing.observer.page,
        identities.accounts,
        Skills(
            functions.for_services,
            identities.authorizer,
            lambda: skill_verifier(clock),
            config.account_id,
            config.region,
        ),
        {
            "cost": Report("ce:GetCostAndUsage", costs.answer),
            "top": Report("cloudwatch:GetMetricData", observing.live.answer),
        },
    )
    gateway = Gateway(
        services,
        identities.verifier,
        identities.authorizer,
        own_routes,
        functions.urls,
        messaging.buckets.for_browsers,
        config.region,
        messaging.topics.pages.answer,
        observing.observer.requests,
        messaging.elsewhere,
    )
    return HttpServer(gateway.handle, clock)

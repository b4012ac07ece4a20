"""One run: its stages, one after the other."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.progress import Progress

from bench import cost, languages, memory
from bench.asynchronous import measure_accept, measure_drain
from bench.buckets import measure_list, measure_put, measure_transfer
from bench.burst import measure_burst
from bench.density import measure_density
from bench.errors import NotMeasurable
from bench.event_buses import measure_events, measure_schedules
from bench.flat import measure_flat
from bench.ingle_peer import InglePeer
from bench.lambda_peer import LambdaPeer
from bench.load_process import LoadProcess
from bench.logging_load import batches, measure_intake, measure_search
from bench.notifications import measure_notified
from bench.peers import Peer
from bench.processes import Keeper
from bench.programs import LANGUAGES
from bench.queues import measure_mapping, measure_send
from bench.runtimes import measure_runtimes
from bench.settings import Settings
from bench.snapstart import measure_snapstart
from bench.starts import measure_cold, measure_ready
from bench.stats import Results
from bench.streaming import measure_streaming
from bench.switching import measure_switching
from bench.topics import measure_fan_out
from bench.warm import measure_warm

FUNCTION = "hello"
SHARED = frozenset({"memory", "cold", "warm"})
"""The stages that measure the same servers, one of each peer."""


class Run:
    """Measures the chosen stages of the chosen peers.

    Args:
        keeper: starts the servers.
        folder: an empty one for all that they write.
        settings: how much to measure.
        kinds: the peers.
        progress: shows how far it is.

    Attributes:
        results: the figures so far.
        left_out: why a stage was not measured, by its name.
    """

    def __init__(
        self,
        keeper: Keeper,
        folder: Path,
        settings: Settings,
        kinds: Sequence[type[Peer]],
        progress: Progress,
    ) -> None:
        self._keeper = keeper
        self._folder = folder
        self._settings = settings
        self._kinds = kinds
        self._progress = progress
        self.results: Results = {}
        self.left_out: dict[str, str] = {}

    def measure(self, stages: Sequence[str]) -> None:
        """Measures these stages, each after the one before.

        Raises:
            BenchError: a peer could not be started or ended, or answered wrongly.
        """
        for stage, measure in ALONE.items():
            if stage in stages:
                measure(self)
        if SHARED.intersection(stages):
            self._shared(stages)

    def _stepper(self, title: str, total: int) -> Callable[[], None]:
        task = self._progress.add_task(title, total=total)
        return lambda: self._progress.advance(task)

    def _new_folder(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir()
        return folder

    def cost(self) -> None:
        """Measures single stages of an invocation."""
        step = self._stepper("cost of single stages", 1)
        self.results |= cost.measure()
        step()

    def ready(self) -> None:
        """Measures starts of servers."""
        settings, folder = self._settings, self._new_folder("ready")
        step = self._stepper("starts", settings.ready_samples * len(self._kinds))
        self.results |= measure_ready(self._kinds, self._keeper, folder, settings, step)

    def runtimes(self) -> None:
        """Measures first invocations in each further language that this machine has."""
        kinds = [kind for kind in self._kinds if issubclass(kind, LambdaPeer)]
        for name in LANGUAGES if kinds else ():
            folder = self._new_folder(f"runtimes-{name}")
            try:
                language = languages.prepare(name, self._new_folder(f"hello-{name}"))
            except NotMeasurable as error:
                self.left_out[f"runtimes: {LANGUAGES[name]}"] = str(error)
                continue
            step = self._stepper(f"cold starts, {LANGUAGES[name]}", self._settings.runtime_samples)
            self.results |= measure_runtimes(
                language, kinds, self._keeper, folder, self._settings, step
            )

    def snapstart(self) -> None:
        """Measures first invocations of a function with heavy imports, and with SnapStart."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("snapstart")
            step = self._stepper("SnapStart", settings.snapstart_samples)
            self.results |= measure_snapstart(self._keeper, folder, settings, step)

    def burst(self) -> None:
        """Measures many first invocations at once."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("burst")
            step = self._stepper("bursts", settings.burst_rounds)
            self.results |= measure_burst(self._keeper, folder, settings, step)

    def density(self) -> None:
        """Measures many idle sandboxes, where this machine can hold them."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("density")
            step = self._stepper("idle sandboxes", settings.sandboxes // settings.burst_clients)
            try:
                self.results |= measure_density(self._keeper, folder, settings, step)
            except NotMeasurable as error:
                self.left_out["density"] = str(error)

    def flat(self) -> None:
        """Measures invocations next to many other functions."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("flat")
            step = self._stepper("other functions", settings.flat_rounds)
            self.results |= measure_flat(self._keeper, folder, settings, step)

    def aliases(self) -> None:
        """Measures an alias that is moved under load."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("aliases")
            step = self._stepper("moved aliases", settings.switches)
            self.results |= measure_switching(self._keeper, folder, settings, step)

    def stream_first_byte(self) -> None:
        """Measures how long the first bytes of streamed answers take to the client."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("stream_first_byte")
            step = self._stepper("streamed answers", settings.stream_samples)
            try:
                self.results |= measure_streaming(self._keeper, folder, settings, step)
            except NotMeasurable as error:
                self.left_out["stream_first_byte"] = str(error)

    def async_accept(self) -> None:
        """Measures how many events are accepted."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("async_accept")
            step = self._stepper("events accepted", settings.accept_rounds)
            self.results |= measure_accept(self._keeper, folder, settings, step)

    def async_drain(self) -> None:
        """Measures a long queue of events."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("async_drain")
            step = self._stepper("events queued", 1)
            self.results |= measure_drain(self._keeper, folder, settings, step)

    def sqs_send(self) -> None:
        """Measures how many messages are sent."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("sqs_send")
            step = self._stepper("messages sent", settings.accept_rounds)
            self.results |= measure_send(self._keeper, folder, settings, step)

    def sqs_lambda(self) -> None:
        """Measures how many messages reach a function."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("sqs_lambda")
            step = self._stepper("messages processed", 1)
            self.results |= measure_mapping(self._keeper, folder, settings, step)

    def log_intake(self) -> None:
        """Measures invocations while another function prints."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("log_intake")
            step = self._stepper("lines taken in", settings.flat_rounds)
            self.results |= measure_intake(self._keeper, folder, settings, step)

    def log_search(self) -> None:
        """Measures searches over many lines."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("log_search")
            step = self._stepper("lines to search", batches(settings.log_lines))
            self.results |= measure_search(self._keeper, folder, settings, step)

    def sns_fan_out(self) -> None:
        """Measures how long a message takes to all who subscribed."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("sns_fan_out")
            step = self._stepper("messages published", 1)
            self.results |= measure_fan_out(self._keeper, folder, settings, step)

    def s3_put(self) -> None:
        """Measures how many objects are put."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("s3_put")
            step = self._stepper("objects put", settings.put_rounds)
            self.results |= measure_put(self._keeper, folder, settings, step)

    def s3_transfer(self) -> None:
        """Measures how fast a large object goes there and back."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("s3_transfer")
            step = self._stepper("a large object", 3)
            self.results |= measure_transfer(self._keeper, folder, settings, step)

    def s3_list(self) -> None:
        """Measures pages of a large bucket."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("s3_list")
            step = self._stepper("a large bucket", 1)
            self.results |= measure_list(self._keeper, folder, settings, step)

    def events_put(self) -> None:
        """Measures how many events are put on a bus."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("events_put")
            step = self._stepper("events put", settings.accept_rounds)
            self.results |= measure_events(self._keeper, folder, settings, step)

    def schedules(self) -> None:
        """Measures how late schedules run a function."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("schedules")
            step = self._stepper("schedules", 1)
            self.results |= measure_schedules(self._keeper, folder, settings, step)

    def s3_notified(self) -> None:
        """Measures objects that a function is told of."""
        if InglePeer in self._kinds:
            settings, folder = self._settings, self._new_folder("s3_notified")
            step = self._stepper("objects told of", settings.notified_rounds)
            self.results |= measure_notified(self._keeper, folder, settings, step)

    def _shared(self, stages: Sequence[str]) -> None:
        settings, results, keeper = self._settings, self.results, self._keeper
        peers = [kind(keeper, self._folder / kind.name) for kind in self._kinds]
        for peer in peers:
            peer.start()
            with peer.blamed():
                peer.deploy([FUNCTION])
        if "memory" in stages:
            results |= memory.measure_idle(peers, FUNCTION)
        if "cold" in stages:
            step = self._stepper("cold starts", settings.cold_samples)
            results |= measure_cold(peers, settings, step)
        if "warm" in stages:
            step = self._stepper("warm invocations", settings.rounds * len(peers))
            load = LoadProcess(keeper, self._folder)
            results |= measure_warm(peers, FUNCTION, load, settings, step)
        if "memory" in stages:
            results |= memory.measure_loaded(peers)
        for peer in peers:
            results[f"left.{peer.name}.processes"] = peer.stop()


ALONE: Mapping[str, Callable[[Run], None]] = {
    "cost": Run.cost,
    "ready": Run.ready,
    "runtimes": Run.runtimes,
    "snapstart": Run.snapstart,
    "burst": Run.burst,
    "density": Run.density,
    "flat": Run.flat,
    "aliases": Run.aliases,
    "stream_first_byte": Run.stream_first_byte,
    "async_accept": Run.async_accept,
    "async_drain": Run.async_drain,
    "sqs_send": Run.sqs_send,
    "sqs_lambda": Run.sqs_lambda,
    "log_intake": Run.log_intake,
    "log_search": Run.log_search,
    "sns_fan_out": Run.sns_fan_out,
    "s3_put": Run.s3_put,
    "s3_transfer": Run.s3_transfer,
    "s3_list": Run.s3_list,
    "events_put": Run.events_put,
    "schedules": Run.schedules,
    "s3_notified": Run.s3_notified,
}
"""The stages that start servers of their own, or none, in their order."""

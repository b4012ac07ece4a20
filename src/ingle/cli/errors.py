"""How a command fails: one line that says what is wrong and what to do next."""

FAILURE = 1
USAGE = 2


class CommandError(Exception):
    """A command cannot do what it was asked to.

    Attributes:
        problem: what is wrong.
        advice: what the user can do about it; empty where nothing sensible is known.
        status: the exit status, 1 for a failure and 2 for wrong usage.
    """

    def __init__(self, problem: str, advice: str = "", status: int = FAILURE) -> None:
        super().__init__(problem)
        self.problem = problem
        self.advice = advice
        self.status = status

    def __str__(self) -> str:
        return f"{self.problem} — {self.advice}" if self.advice else self.problem

"""What an utterance means to a skill."""

from typing import Any

import pytest

from ingle.cli.interaction_model import Meant, ModelUnusable, understand


def model(*intents: dict[str, Any]) -> dict[str, Any]:
    return {"interactionModel": {"languageModel": {"invocationName": "x", "intents": [*intents]}}}


WEATHER = {
    "name": "Weather",
    "slots": [{"name": "city", "type": "AMAZON.City"}, {"name": "day", "type": "AMAZON.DATE"}],
    "samples": ["what is the weather in {city}", "weather {city} {day}", "how is it"],
}
ANY = {"name": "Any", "slots": [{"name": "words"}], "samples": ["{words}"]}
HELP = {"name": "AMAZON.HelpIntent", "samples": []}


@pytest.mark.parametrize(
    ("utterance", "slots"),
    [
        ("What is the weather in New York?", {"city": "new york", "day": None}),
        ("how is it", {"city": None, "day": None}),
        ("weather paris tomorrow", {"city": "paris", "day": "tomorrow"}),
    ],
)
def test_a_sample_is_found_with_its_slots(utterance: str, slots: dict[str, Any]) -> None:
    meant = understand(utterance, model(WEATHER))
    assert meant is not None
    assert (meant.intent, meant.slots) == ("Weather", slots)


def test_the_most_literal_sample_counts() -> None:
    meant = understand("what is the weather in Paris", model(ANY, WEATHER))
    assert meant is not None
    assert meant.intent == "Weather"
    other = understand("anything else", model(ANY, WEATHER))
    assert other is not None
    assert (other.intent, other.slots) == ("Any", {"words": "anything else"})


def test_amazons_own_intents_have_samples_already() -> None:
    for known in (None, model(HELP)):
        meant = understand("Help!", known)
        assert meant is not None
        assert meant.intent == "AMAZON.HelpIntent"
    assert understand("help", model(WEATHER)) is None


def test_what_fits_nothing_is_the_fallback_where_there_is_one() -> None:
    assert understand("gibberish", model(WEATHER)) is None
    fallback = model(WEATHER, {"name": "AMAZON.FallbackIntent"})
    assert understand("gibberish", fallback) == Meant("AMAZON.FallbackIntent")


@pytest.mark.parametrize("wrong", [{}, {"interactionModel": []}, model({"samples": []}), []])
def test_what_is_no_model_is_refused(wrong: Any) -> None:
    with pytest.raises(ModelUnusable, match=r"interactionModel\.languageModel\.intents"):
        understand("x", wrong)

"""Finds the intent that an utterance means, by the samples of a skill's interaction model.

Alexa itself also knows what is alike; here an utterance must be one of the samples, with anything
in the places of their slots.
Source: https://developer.amazon.com/en-US/docs/alexa/smapi/interaction-model-schema.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

FALLBACK = "AMAZON.FallbackIntent"
_OWN_SAMPLES: Mapping[str, tuple[str, ...]] = {
    "AMAZON.HelpIntent": ("help", "help me", "can you help me"),
    "AMAZON.StopIntent": ("stop", "off", "shut up"),
    "AMAZON.CancelIntent": ("cancel", "never mind", "forget it"),
    "AMAZON.YesIntent": ("yes", "yes please", "sure"),
    "AMAZON.NoIntent": ("no", "no thanks"),
    "AMAZON.RepeatIntent": ("repeat", "say that again", "repeat that"),
    "AMAZON.StartOverIntent": ("start over", "restart", "start again"),
    "AMAZON.NextIntent": ("next", "skip", "skip forward"),
    "AMAZON.PreviousIntent": ("previous", "go back", "skip back"),
    "AMAZON.PauseIntent": ("pause", "pause that"),
    "AMAZON.ResumeIntent": ("resume", "continue", "keep going"),
}
"""https://developer.amazon.com/en-US/docs/alexa/custom-skills/standard-built-in-intents.html"""
_SLOT = re.compile(r"\{([A-Za-z_.]+)\}")


class ModelUnusable(Exception):
    """A file is no interaction model."""


@dataclass(frozen=True, slots=True)
class Meant:
    """An intent, and what its slots are.

    Attributes:
        intent: its name.
        slots: values by the slots' names; None for those that the utterance leaves out.
        literal: how many characters of the utterance the sample has itself.
    """

    intent: str
    slots: Mapping[str, str | None] = field(default_factory=dict)
    literal: int = 0


def understand(utterance: str, model: Mapping[str, Any] | None) -> Meant | None:
    """Find what an utterance means: of the samples that it is one of, the most literal one.

    Args:
        utterance: what somebody says to the skill.
        model: the interaction model as JSON; None for Amazon's own intents only.

    Returns:
        The intent; the fallback where the model has it and nothing else fits; else None.

    Raises:
        ModelUnusable: the model is none.
    """
    said = _plain(utterance)
    found = list(_candidates(said, model))
    if found:
        return max(found, key=lambda each: each.literal)
    has_fallback = model is not None and any(
        intent.get("name") == FALLBACK for intent in _intents(model)
    )
    return Meant(FALLBACK) if has_fallback else None


def _candidates(said: str, model: Mapping[str, Any] | None) -> Iterator[Meant]:
    if model is None:
        for name, samples in _OWN_SAMPLES.items():
            yield from _matching(said, name, (), samples)
        return
    for intent in _intents(model):
        name = intent["name"]
        slots = [each["name"] for each in intent.get("slots") or ()]
        samples = (*(intent.get("samples") or ()), *_OWN_SAMPLES.get(name, ()))
        yield from _matching(said, name, slots, samples)


def _matching(
    said: str, name: str, slots: "list[str] | tuple[str, ...]", samples: tuple[str, ...]
) -> Iterator[Meant]:
    for sample in samples:
        parts = _SLOT.split(sample)
        # Texts and slots' names take turns.
        texts, named = [_plain(each, keep=True) for each in parts[::2]], parts[1::2]
        pattern = r"(.+?)".join(re.escape(each) for each in texts)
        match = re.fullmatch(pattern.strip(), said)
        if match is not None:
            values = dict(zip(named, match.groups(), strict=True))
            yield Meant(
                name,
                {slot: values.get(slot) for slot in slots} | values,
                sum(map(len, texts)),
            )


def _intents(model: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    try:
        found = model["interactionModel"]["languageModel"]["intents"]
        if all(isinstance(each["name"], str) for each in found):
            return list(found)
    except (KeyError, TypeError):
        pass
    raise ModelUnusable("it has no interactionModel.languageModel.intents with names")


def _plain(text: str, *, keep: bool = False) -> str:
    """Leave case and punctuation out; `keep` keeps the spaces at the ends."""
    plain = re.sub(r"\s+", " ", re.sub(r"[^\w\s'.-]|[.](?!\w)", "", text.casefold()))
    return plain if keep else plain.strip()

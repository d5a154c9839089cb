"""What is told on the demo's tip line, and what the stewards do with it. All of it is invented."""

from collections.abc import Sequence
from typing import NamedTuple


class Step(NamedTuple):
    """What happens in a thread: ``who`` is the source, or a steward by their place.

    Attributes:
        days_ago: When.
        text: What is written; a steward who writes nothing only notes.
        files: What goes with it, by name.
        label, state: What the steward notes.
    """

    days_ago: int
    who: str | int
    text: str
    files: tuple[tuple[str, bytes], ...] = ()
    label: str | None = None
    state: str | None = None


class Story(NamedTuple):
    """A thread from its tip on: which lab and clauses the tip names."""

    lab: str | None
    clauses: tuple[str, ...]
    steps: Sequence[Step]


SOURCE = "source"
STORIES = (
    Story(
        "tallowgate",
        ("no-reckless-runs", "ask-for-the-plan"),
        (
            Step(
                24,
                SOURCE,
                "The run that began on Monday is ten times the last one. There is no plan. I asked twice.",
            ),
            Step(
                22,
                0,
                "Thank you. Who decided, and is there anything in writing that would make the work stop?",
                label="working",
            ),
            Step(
                19,
                SOURCE,
                "The minutes say “evaluate when it is done”. They are attached, without names.",
                (("minutes.txt", b"Item 4. Evaluation: when it is done.\n"),),
            ),
            Step(
                18,
                1,
                "We have read them. Say no more at work about this. We will ask the lab in public terms.",
                label="verified",
            ),
        ),
    ),
    Story(
        "norrvik-institute",
        ("protect-reporters",),
        (
            Step(
                15,
                SOURCE,
                "Somebody who objected was moved to another floor, and told that it was for the light.",
            ),
            Step(
                14,
                1,
                "Did they ask for it to be written down? Please answer only if it cannot point to them.",
                label="waiting",
            ),
        ),
    ),
    Story(
        "larkspur-engine-works",
        ("ask-for-the-plan",),
        (
            Step(9, SOURCE, "评估计划写好了，但没有任何独立的人看过。"),
            Step(6, SOURCE, "The review is now planned for after the launch."),
            Step(5, 0, "", label="working"),
        ),
    ),
    Story(
        None,
        (),
        (
            Step(20, SOURCE, "My neighbour's robot lawn mower is far too large."),
            Step(
                19,
                0,
                "Thank you for writing. This is not something that we can judge.",
                label="not-for-us",
                state="closed",
            ),
        ),
    ),
    Story(
        "quellwater",
        ("speak-up",),
        (
            Step(
                3,
                SOURCE,
                "The plan names no number at which we stop. The draft is here.",
                (("plan.txt", b"Stop: if necessary.\n"),),
            ),
        ),
    ),
    Story(
        "mistwood",
        ("no-reckless-runs",),
        (Step(1, SOURCE, "They doubled the cluster last night. Nobody was told."),),
    ),
)

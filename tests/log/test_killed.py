"""A process killed between any two statements loses nothing that was answered and leaves a log that starts again."""

import os
import secrets

import pytest
from sqlalchemy import event, func, select

from pledge.app import open_site
from pledge.config import Config
from pledge.core import statement as st
from pledge.core.policy import parse_policy, verify_checkpoint
from pledge.core.tlog.tile import tree_root
from pledge.core.tlog.tree import leaf_hash, root_hash
from pledge.instance import Instance, trust_policy
from pledge.log.models import Entry, Pending
from pledge.log.notary import log_statement
from pledge.log.sequencer import read_tile
from pledge.log.service import read_checkpoint
from tests.site_kit import START, Clock, make_instance

MAX_STATEMENTS = 60


def add_lab(instance: Instance, slug: str) -> None:
    """Log a statement, as a request does."""
    statement = st.Lab(
        origin=instance.notary.origin, day=START.date(), slug=slug, name=slug, domains=(), headcount=()
    )
    instance.log.run(
        lambda session: log_statement(
            session, statement, notary=instance.notary, random_bytes=secrets.token_bytes
        )
    )


def run_and_die(config: Config, at: int, acknowledge: int) -> None:
    """In a child process: log an entry, dying before the statement of this number; say so when it was answered."""
    count = 0

    def step(*_: object) -> None:
        nonlocal count
        count += 1
        if count > at:
            os._exit(9)

    instance = open_site(config, clock=Clock())
    event.listen(instance.database.engine, "before_cursor_execute", step)
    event.listen(instance.database.engine, "commit", step)
    add_lab(instance, f"lab-{at}")
    os.write(acknowledge, b"a")
    os._exit(0)


def check_log(instance: Instance) -> list[bytes]:
    """Recompute the root from the leaves and from the tiles, check the checkpoint; gives the leaves."""
    with instance.database.reading() as session:
        leaves = list(session.scalars(select(Entry.leaf).order_by(Entry.index)))
        assert session.scalar(select(func.count()).select_from(Pending)) == 0
        checkpoint = verify_checkpoint(
            parse_policy(trust_policy(instance)), read_checkpoint(session)
        ).checkpoint
        assert checkpoint.size == len(leaves)
        assert checkpoint.root == root_hash([leaf_hash(leaf) for leaf in leaves])
        assert checkpoint.root == tree_root(
            len(leaves), lambda level, index, width: read_tile(session, level, index, width)
        )
    return leaves


def test_a_kill_between_any_two_statements_loses_nothing(config: Config) -> None:
    make_instance(config, Clock()).database.close()
    answered = 0
    for at in range(MAX_STATEMENTS):
        readable, writable = os.pipe()
        child = os.fork()
        if child == 0:
            run_and_die(config, at, writable)
        os.close(writable)
        was_answered = os.read(readable, 1) == b"a"
        os.close(readable)
        _, status = os.waitpid(child, 0)
        instance = open_site(config, clock=Clock())
        assert instance.log.refusal is None
        kept = any(f"lab-{at}" in name for name in lab_slugs(check_log(instance)))
        instance.database.close()
        assert kept or not was_answered
        if os.waitstatus_to_exitcode(status) == 0:
            answered += 1
            break
    assert answered == 1, "no run came to its end: MAX_STATEMENTS is too small"
    assert at > 5, "the child died nowhere: the test does not test"


def lab_slugs(leaves: list[bytes]) -> list[str]:
    found = [st.parse_statement(st.parse_envelope(leaf)) for leaf in leaves]
    return [statement.slug for statement in found if isinstance(statement, st.Lab)]


@pytest.mark.parametrize("processes", [4])
def test_several_processes_share_one_log(config: Config, processes: int) -> None:
    make_instance(config, Clock()).database.close()
    children = []
    for number in range(processes):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                instance = open_site(config, clock=Clock())
                for n in range(10):
                    add_lab(instance, f"lab-{number}-{n}")
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * processes
    instance = open_site(config, clock=Clock())
    added = [slug for slug in lab_slugs(check_log(instance)) if slug.startswith("lab-")]
    assert sorted(added) == sorted(f"lab-{number}-{n}" for number in range(processes) for n in range(10))
    instance.database.close()


def test_the_published_checkpoint_is_never_ahead_of_what_is_durable(config: Config) -> None:
    instance = make_instance(config, Clock())
    add_lab(instance, "one-more")
    published = (config.home / "published-checkpoint").read_bytes()
    with instance.database.reading() as session:
        assert published == read_checkpoint(session)
    instance.database.close()

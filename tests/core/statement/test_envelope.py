import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.core.statement.canonical import format_base64, parse_json
from pledge.core.statement.envelope import (
    Envelope,
    Signature,
    format_envelope,
    format_payload_type,
    pae,
    parse_envelope,
)
from pledge.errors import MalformedError

VECTORS: Final = json.loads((Path(__file__).parents[2] / "vectors" / "dsse.json").read_text())

NAMES: Final = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"\\'), min_size=1, max_size=128
)
ENVELOPES: Final = st.builds(
    Envelope,
    st.binary(max_size=60),
    NAMES,
    st.lists(st.builds(Signature, NAMES, st.binary(min_size=1, max_size=40)), max_size=4).map(tuple),
)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["pae"])
def test_pae_is_dsse_s(case: dict[str, Any]) -> None:
    assert pae(case["payloadType"], case["payload"].encode()) == case["pae"].encode()


@pytest.mark.parametrize("case", VECTORS["envelopes"], ids=lambda case: case["why"])
def test_envelopes_are_accepted_in_one_form_only(case: dict[str, Any]) -> None:
    data = case["text"].encode()
    if case["verdict"] == "accepted":
        assert format_envelope(parse_envelope(data)) == data
    else:
        with pytest.raises(MalformedError):
            parse_envelope(data)


@given(ENVELOPES)
def test_parse_undoes_format(envelope: Envelope) -> None:
    assert parse_envelope(format_envelope(envelope)) == envelope


@given(ENVELOPES, st.data())
def test_the_grammar_accepts_what_the_json_parser_would(envelope: Envelope, data: st.DataObject) -> None:
    written = bytearray(format_envelope(envelope))
    at = data.draw(st.integers(0, len(written) - 1))
    written[at : at + data.draw(st.integers(0, 2))] = data.draw(
        st.sampled_from([b"", b" ", b"=", b",", b'"', b"A"])
    )
    try:
        parsed = parse_envelope(bytes(written))
    except MalformedError:
        return
    assert format_envelope(parsed) == written
    members = parse_json(bytes(written))
    assert isinstance(members, dict)
    assert members["payload"] == format_base64(parsed.payload)


def test_kind_is_read_from_the_payload_type() -> None:
    assert Envelope(b"", format_payload_type("signing")).kind == "signing"
    for foreign in ("application/vnd.in-toto+json", "signing", "application/vnd.pledge.signing"):
        assert not Envelope(b"", foreign).kind


def test_payload_hash_does_not_depend_on_signatures() -> None:
    bare = Envelope(b"{}", "a")
    assert bare.payload_sha256 == Envelope(b"{}", "a", (Signature("k", b"s"),)).payload_sha256
    assert bare.payload_sha256 == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_an_entry_is_no_longer_than_a_bundle_can_hold() -> None:
    with pytest.raises(MalformedError):
        format_envelope(Envelope(bytes(60_000), "a"))
    with pytest.raises(MalformedError):
        parse_envelope(b'{"payload":"%b","payloadType":"a","signatures":[]}' % (b"AAAA" * 20_000))


@pytest.mark.parametrize(
    "envelope",
    [
        Envelope(b"", "a", (Signature("", b"s"),)),
        Envelope(b"", "a", (Signature('"', b"s"),)),
        Envelope(b"", "a", (Signature("k", b""),)),
        Envelope(b"", "a", (Signature("k", bytes(8193)),)),
        Envelope(b"", "a b"),
        Envelope(b"", "a", (Signature("k", b"s"),) * 17),
        Envelope(b"", "a", [Signature("k", b"s")]),  # type: ignore[arg-type]  # read back as a tuple
    ],
    ids=repr,
)
def test_what_cannot_be_read_cannot_be_written(envelope: Envelope) -> None:
    with pytest.raises(MalformedError):
        format_envelope(envelope)


def test_the_longest_of_everything_fits() -> None:
    longest = Envelope(
        b"", "a" * 128, (Signature("k" * 128, bytes(1024)),) * 15 + (Signature("k", bytes(8192)),)
    )
    assert parse_envelope(format_envelope(longest)) == longest

"""The shapes of what the API gives, as JSON Schema (2020-12, which OpenAPI 3.1 takes as it is)."""

from typing import Any, Final

from pledge.badges.look import MAX_QUERY
from pledge.core.share import LINES

Schema = dict[str, Any]

ASSURANCES: Final = ["lab-email", "group-email", "email", "credential"]
STATUSES: Final = ["current", "former", "lapsed", "withdrawn"]
SLUG: Final[Schema] = {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 64}
PUBLIC_ID: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
AFTER: Final[Schema] = {"type": "string", "pattern": "^([^~]+~)?[0-9]+$", "minLength": 1, "maxLength": 80}
WORDS: Final[Schema] = {"type": "string", "maxLength": 200}
MAX_ASKED: Final = 4 * MAX_QUERY

_DAY: Final[Schema] = {"type": "string", "format": "date"}
_SHA256: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_URL: Final[Schema] = {"type": "string", "format": "uri"}


def _maybe(schema: Schema, why: str) -> Schema:
    return {"anyOf": [schema, {"type": "null"}], "description": why}


def _object(properties: Schema, description: str = "") -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return schema | ({"description": description} if description else {})


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _page(name: str) -> Schema:
    return _object(
        {
            "data": _list(_ref(name)),
            "next": _maybe(_URL, "Where the next page is; null on the last."),
        }
    )


SCHEMAS: Final[dict[str, Schema]] = {
    "Range": _object(
        {"low": _COUNT, "high": _maybe(_COUNT, "Null where nobody knows an upper end.")},
        "From low to high, both included.",
    ),
    "Count": _object(
        {
            "assurance": {
                "enum": ASSURANCES,
                "description": "How the affiliation was shown. Never add these up.",
            },
            **dict.fromkeys(STATUSES, _COUNT),
        }
    ),
    "Headcount": _object(
        {
            "low": _COUNT,
            "high": _maybe(_COUNT, "Null for more than low."),
            "population": {"enum": ["total", "unit", "research", "research_percent"]},
            "as_of": {"type": "string"},
            "source": {"type": "string"},
            "is_accepted": {
                "type": "boolean",
                "description": "Whether it stands in the log and enters the share; else it is a proposal.",
            },
        }
    ),
    "Lab": _object(
        {
            "slug": SLUG,
            "name": {"type": "string"},
            "website": _URL,
            "page": _URL,
            "counts": _list(_ref("Count")),
            "headcounts": _list(_ref("Headcount")),
            "signed": {
                **_COUNT,
                "description": "Current signatories with a lab address or a credential: what enters a share.",
            },
            "people": _maybe(_ref("Range"), "By all accepted headcounts; null where there is none."),
            "share_per_mille": _maybe(
                _ref("Range"),
                "Rounded so that it never promises more than is known; null with people. "
                "At least so many: people who did not sign are not opponents.",
            ),
            "missing": _maybe(
                _object({str(line): _ref("Range") for line in LINES}),
                "How many more signatories a share of 10 and 20 % would take; null with people.",
            ),
            "is_headcount_too_small": {
                "type": "boolean",
                "description": "Whether more have signed than any source has people: then the headcount is wrong.",
            },
            "changes": _object(
                {"30": {"type": "integer"}, "90": {"type": "integer"}},
                "By how many ``signed`` has changed over so many days.",
            ),
        }
    ),
    "Labs": _object({"data": _list(_ref("Lab"))}),
    "Change": _object(
        {
            "day": _DAY,
            "assurance": {"enum": ASSURANCES},
            "status": {"enum": STATUSES},
            "change": {"type": "integer", "not": {"const": 0}},
        }
    ),
    "History": _object(
        {"lab": SLUG, "pledge": SLUG, "changes": _list(_ref("Change"))},
        "What each day added to each count of a lab; all days up to one add up to the counts of that day.",
    ),
    "PledgeText": _object(
        {
            "slug": SLUG,
            "version": {"type": "integer", "minimum": 1},
            "title": {"type": "string"},
            "published_on": _DAY,
            "sha256": _SHA256,
            "body": {"type": "string", "description": "Markdown, whose SHA-256 stands in the log."},
            "page": _URL,
        }
    ),
    "PledgeTexts": _object({"data": _list(_ref("PledgeText"))}),
    "Signatory": _object(
        {
            "id": PUBLIC_ID,
            "page": _URL,
            "pledge": SLUG,
            "version": {"type": "integer", "minimum": 1},
            "name": _maybe({"type": "string"}, "Null where it is anonymous, erased, hidden, or waits."),
            "role": _maybe({"type": "string"}, "The person's own words."),
            "reason": _maybe({"type": "string"}, "The person's own words."),
            "lab": _maybe(SLUG, "Null for none."),
            "assurance": {"enum": ASSURANCES},
            "status": {"enum": STATUSES},
            "day": _DAY,
            "until": {**_DAY, "description": "The last day on which it is current."},
            "clauses": _list(SLUG),
            "log_index": _COUNT,
            "payload_sha256": _SHA256,
        }
    ),
    "Signatories": _page("Signatory"),
    "Tallies": _object(
        {
            "type": {"const": "tallies/v1"},
            "size": _COUNT,
            "day": _DAY,
            "counts": _list(
                _object(
                    {
                        "pledge": SLUG,
                        "lab": _maybe(SLUG, "Null for signatories of no lab."),
                        "assurance": {"enum": ASSURANCES},
                        "status": {"enum": STATUSES},
                        "count": {"type": "integer", "minimum": 1},
                    }
                )
            ),
        },
        "What this site counts after so many entries, with the lapses up to a day. ``pledge audit`` recounts it.",
    ),
    "Problem": {
        "type": "object",
        "description": "RFC 9457.",
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string"},
        },
        "required": ["title", "status"],
    },
}

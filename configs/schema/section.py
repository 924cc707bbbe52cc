"""The base of all sections of a config, and the types of their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AllowInfNan, BaseModel, BeforeValidator, ConfigDict, Field, Strict, model_validator
from pydantic_core import PydanticCustomError

# Upper limit of counts, so that a typing error does not exhaust the memory.
MOST = 1_000_000


def _whole(value: Any) -> Any:
    """Accept whole floats such as 1e3 as integers. `True` is refused by the strict type."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, Strict(), BeforeValidator(_whole)]
Number = Annotated[float, Strict(), AllowInfNan(False)]
# A larger shared weight only overflows.
Weight = Annotated[Number, Field(ge=-1e6, le=1e6)]
Count = Annotated[Whole, Field(ge=1, le=MOST)]
Probability = Annotated[Number, Field(ge=0, le=1)]
PartialProbability = Annotated[Number, Field(ge=0, lt=1)]
Switch = Annotated[bool, Strict()]
Text = Annotated[str, Strict(), Field(min_length=1)]


def mistake(expected: str, found: str) -> PydanticCustomError:
    """An error as data. `configs.loading` adds the place and the key."""
    return PydanticCustomError("mistake", "expected {expected}, found {found}", {"expected": expected, "found": found})


class Section(BaseModel):
    """A mapping of the config. Unknown keys are errors, and instances are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_sections_are_defaults(cls, data: Any) -> Any:
        return cls.without_empty_sections(data) if isinstance(data, Mapping) else data

    @classmethod
    def without_empty_sections(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        """Drop null sections. A section whose lines are all commented out reads as null and counts as not given."""
        sections = {name for name, field in cls.model_fields.items() if isinstance(field.default, Section)}
        return {key: value for key, value in data.items() if value is not None or key not in sections}


def in_one_order(value: Any) -> Any:
    """Plain values with the keys of every mapping sorted."""
    if isinstance(value, Mapping):
        return {key: in_one_order(value[key]) for key in sorted(value)}
    return [in_one_order(item) for item in value] if isinstance(value, list | tuple) else value

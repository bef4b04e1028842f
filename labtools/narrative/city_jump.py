"""A jump of perception in one city, in words: how much was its own, and how long it lasted."""

from __future__ import annotations

import pandas as pd

from labtools.messages import month, number, percent, plural, say, text


def jump_sentences(
    quarters: pd.DataFrame, city: str, *, cities: int, lasted: int
) -> tuple[str, ...]:
    """Return how far the city lay from the mix of others, and until when it stood out.

    Parameters
    ----------
    quarters : pandas.DataFrame
        From the jump on: ``share``, ``twin``, ``gap``, ``lower``, ``upper`` and ``p_value``, by
        quarter.
    cities : int
        Among which it was ranked, itself counted.
    lasted : int
        Quarters in a row in which it stands out.
    """
    first = quarters.iloc[0]
    said = [
        text(
            "{city}, quarter that begins in {month}: {share} of people feel unsafe, and {twin} in "
            "the mix of cities that had moved as it did: {gap} points of its own (between {low} "
            "and {high}, by how far other cities lay from theirs). Of {cities} cities, itself "
            "among them, so many have a gap as wide against their own past: {rank}.",
            city=city,
            month=month(quarters.index[0]),
            share=percent(float(first["share"]), 1),
            twin=percent(float(first["twin"]), 1),
            gap=number(100 * float(first["gap"]), 1),
            low=number(100 * float(first["lower"]), 1),
            high=number(100 * float(first["upper"]), 1),
            cities=number(cities),
            rank=number(round(float(first["p_value"]) * cities)),
        )
    ]
    if not lasted:
        said.append(
            text(
                "More than one city in twenty has a gap as wide: the jump cannot be told apart "
                "from what chance gives between cities, and how long it lasted is not told."
            )
        )
    elif lasted == len(quarters):
        said.append(
            say(
                plural(
                    "It stands out in the only quarter that there is since: it is not known when "
                    "it ends.",
                    "It stands out in each of the {n} quarters that there are since: it is not "
                    "known when it ends.",
                ),
                n=lasted,
            )
        )
    else:
        said.append(
            say(
                plural(
                    "It lasted one quarter: in that which begins in {month} it can no longer be "
                    "told apart from what chance gives between cities.",
                    "It lasted {n} quarters: in that which begins in {month} it can no longer be "
                    "told apart from what chance gives between cities.",
                ),
                n=lasted,
                month=month(quarters.index[lasted]),
            )
        )
    return tuple(said)

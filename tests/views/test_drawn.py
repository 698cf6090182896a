"""A figure sent as it is says the same as one that Plotly looked at."""

import json

import plotly.io
import pytest
from plotly import graph_objects as go
from plotly.tools import return_figure_from_figure_or_data

from tests.trajectories import infusions
from tests.views.test_charts import FULL, FULL_BASELINES, figure
from views.drawn import Drawn


@pytest.fixture
def plain():
    return figure(FULL, infusions(0, 3), FULL_BASELINES)


def sent(figure):
    """Return what Streamlit sends of a figure."""
    found = return_figure_from_figure_or_data(figure, validate_figure=True)
    return json.loads(plotly.io.to_json(found, validate=False))


def test_nothing_is_added_but_the_theme_and_nothing_is_lost(plain):
    drawn = sent(Drawn(plain))
    theme = drawn["layout"].pop("template")
    assert drawn == json.loads(json.dumps(plain))
    assert theme == sent(go.Figure())["layout"]["template"]


def test_plotly_would_say_the_same(plain):
    assert sent(Drawn(plain)) == sent(plain)


def test_the_figure_itself_is_left_as_it_was(plain):
    before = json.dumps(plain)
    sent(Drawn(plain))
    assert json.dumps(plain) == before

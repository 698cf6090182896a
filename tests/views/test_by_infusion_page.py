"""The page By infusion: opened on every practice."""

from tests.views.results_pages import EMPTY, opened


def test_it_opens_on_every_practice(practice):
    app = opened("by_infusion.py")
    if practice == EMPTY:
        assert "There are no patients here yet." in app.info[0].value

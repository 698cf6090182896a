"""The Patient Health Questionnaire, nine items."""

from measures.definition import (
    Answer,
    Domain,
    FunctionalItem,
    Item,
    Measure,
    RecallWindow,
    SeverityBand,
)
from measures.sources import CAMCOPS, KROENKE_2001


LICENCE = (
    "Copyright © Pfizer Inc. All rights reserved. Developed by Drs. Robert L. Spitzer, "
    "Janet B.W. Williams, Kurt Kroenke and colleagues, with an educational grant from "
    "Pfizer Inc. No permission required to reproduce, translate, display or distribute."
)

ITEMS = (
    Item(1, "Interest", "Little interest or pleasure in doing things", "44250-9"),
    Item(2, "Mood", "Feeling down, depressed, or hopeless", "44255-8"),
    Item(
        3,
        "Sleep",
        "Trouble falling or staying asleep, or sleeping too much",
        "44259-0",
    ),
    Item(4, "Energy", "Feeling tired or having little energy", "44254-1"),
    Item(5, "Appetite", "Poor appetite or overeating", "44251-7"),
    Item(
        6,
        "Self-worth",
        "Feeling bad about yourself — or that you are a failure or have let yourself "
        "or your family down",
        "44258-2",
    ),
    Item(
        7,
        "Concentration",
        "Trouble concentrating on things, such as reading the newspaper or watching "
        "television",
        "44252-5",
    ),
    Item(
        8,
        "Movement",
        "Moving or speaking so slowly that other people could have noticed? Or the "
        "opposite — being so fidgety or restless that you have been moving around a "
        "lot more than usual",
        "44253-3",
    ),
    Item(
        9,
        "Death or self-harm",
        "Thoughts that you would be better off dead or of hurting yourself in some way",
        "44260-8",
    ),
)

ANSWERS = (
    Answer(0, "Not at all", "LA6568-5"),
    Answer(1, "Several days", "LA6569-3"),
    Answer(2, "More than half the days", "LA6570-1"),
    Answer(3, "Nearly every day", "LA6571-9"),
)

# The codes of "very" and "extremely" are out of numeric order in LOINC itself.
DIFFICULTY = FunctionalItem(
    text=(
        "If you checked off any problems, how difficult have these problems made it "
        "for you to do your work, take care of things at home, or get along with "
        "other people?"
    ),
    answers=(
        Answer(0, "Not difficult at all", "LA6572-7"),
        Answer(1, "Somewhat difficult", "LA6573-5"),
        Answer(2, "Very difficult", "LA6575-0"),
        Answer(3, "Extremely difficult", "LA6574-3"),
    ),
    loinc="69722-7",
)

TWO_WEEKS = RecallWindow(
    code="two_weeks",
    name="last 2 weeks",
    days=14,
    stem=(
        "Over the last 2 weeks, how often have you been bothered by any of the "
        "following problems?"
    ),
    source=CAMCOPS,
    loinc_total="44261-6",
)

SEVERITY_BANDS = (
    SeverityBand(0, "minimal"),
    SeverityBand(5, "mild"),
    SeverityBand(10, "moderate"),
    SeverityBand(15, "moderately severe"),
    SeverityBand(20, "severe"),
)

PHQ9 = Measure(
    code="phq9",
    name="PHQ-9",
    title="Patient Health Questionnaire, 9 items",
    items=ITEMS,
    answers=ANSWERS,
    recall_windows=(TWO_WEEKS,),
    domains=(Domain("depression", "Depression", tuple(range(1, 10))),),
    severity_bands=SEVERITY_BANDS,
    functional_item=DIFFICULTY,
    suicide_item=9,
    licence=LICENCE,
    loinc_panel="44249-1",
    source=KROENKE_2001,
)

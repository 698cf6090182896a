"""The PTSD Checklist for DSM-5, twenty items."""

from measures.definition import Answer, Domain, Item, Measure, RecallWindow
from measures.sources import (
    AU_GUIDELINES,
    DARNELL_2025,
    PAST_DAY_2025,
    WEATHERS_2013,
)


LICENCE = (
    "Weathers, Litz, Keane, Palmieri, Marx & Schnurr (2013), National Center for PTSD. "
    "Developed by staff of the US Department of Veterans Affairs; not copyrighted."
)

ITEMS = (
    Item(
        1,
        "Intrusive memories",
        "Repeated, disturbing, and unwanted memories of the stressful experience?",
    ),
    Item(2, "Nightmares", "Repeated, disturbing dreams of the stressful experience?"),
    Item(
        3,
        "Flashbacks",
        "Suddenly feeling or acting as if the stressful experience were actually "
        "happening again (as if you were actually back there reliving it)?",
    ),
    Item(
        4,
        "Cued distress",
        "Feeling very upset when something reminded you of the stressful experience?",
    ),
    Item(
        5,
        "Cued physical reactions",
        "Having strong physical reactions when something reminded you of the stressful "
        "experience (for example, heart pounding, trouble breathing, sweating)?",
    ),
    Item(
        6,
        "Internal avoidance",
        "Avoiding memories, thoughts, or feelings related to the stressful experience?",
    ),
    Item(
        7,
        "External avoidance",
        "Avoiding external reminders of the stressful experience (for example, people, "
        "places, conversations, activities, objects, or situations)?",
    ),
    Item(
        8,
        "Trauma amnesia",
        "Trouble remembering important parts of the stressful experience?",
    ),
    Item(
        9,
        "Negative beliefs",
        "Having strong negative beliefs about yourself, other people, or the world "
        "(for example, having thoughts such as: I am bad, there is something seriously "
        "wrong with me, no one can be trusted, the world is completely dangerous)?",
        "101699-7",
    ),
    Item(
        10,
        "Blame",
        "Blaming yourself or someone else for the stressful experience or what "
        "happened after it?",
    ),
    Item(
        11,
        "Negative feelings",
        "Having strong negative feelings such as fear, horror, anger, guilt, or shame?",
    ),
    Item(
        12, "Loss of interest", "Loss of interest in activities that you used to enjoy?"
    ),
    Item(13, "Detachment", "Feeling distant or cut off from other people?"),
    Item(
        14,
        "No positive feelings",
        "Trouble experiencing positive feelings (for example, being unable to feel "
        "happiness or have loving feelings for people close to you)?",
    ),
    Item(
        15,
        "Irritability",
        "Irritable behavior, angry outbursts, or acting aggressively?",
    ),
    Item(
        16,
        "Recklessness",
        "Taking too many risks or doing things that could cause you harm?",
        "101702-9",
    ),
    Item(17, "Hypervigilance", 'Being "superalert" or watchful or on guard?'),
    Item(18, "Startle", "Feeling jumpy or easily startled?"),
    Item(19, "Concentration", "Having difficulty concentrating?"),
    Item(20, "Sleep", "Trouble falling or staying asleep?"),
)

ANSWERS = (
    Answer(0, "Not at all"),
    Answer(1, "A little bit"),
    Answer(2, "Moderately"),
    Answer(3, "Quite a bit"),
    Answer(4, "Extremely"),
)

# An item counts as a symptom when it is answered "moderately" or more.
SYMPTOM_PRESENT_AT = 2

DOMAINS = (
    Domain("B", "Intrusion", tuple(range(1, 6)), symptoms_needed=1),
    Domain("C", "Avoidance", (6, 7), symptoms_needed=1),
    Domain("D", "Negative cognitions and mood", tuple(range(8, 15)), symptoms_needed=2),
    Domain("E", "Arousal and reactivity", tuple(range(15, 21)), symptoms_needed=2),
)

PAST_MONTH = RecallWindow(
    code="past_month",
    name="past month",
    days=30,
    stem="In the past month, how much were you bothered by:",
    source=WEATHERS_2013,
    loinc_total="101698-9",
    note="The window the PCL-5 was designed and validated with.",
)
# The weekly and daily forms put their own window where the stem says month; the
# LOINC total is defined for one month, so the shorter windows have no code.
PAST_WEEK = RecallWindow(
    code="past_week",
    name="past week",
    days=7,
    stem="In the past week, how much were you bothered by:",
    source=DARNELL_2025,
    note="Reliability equal to the monthly form; not interchangeable with it.",
)
PAST_DAY = RecallWindow(
    code="past_day",
    name="past day",
    days=1,
    stem="In the past day, how much were you bothered by:",
    source=PAST_DAY_2025,
    note="Initial support, in treatment with several visits a week.",
)

PCL5 = Measure(
    code="pcl5",
    name="PCL-5",
    title="PTSD Checklist for DSM-5",
    items=ITEMS,
    answers=ANSWERS,
    recall_windows=(PAST_MONTH, PAST_WEEK, PAST_DAY),
    domains=DOMAINS,
    severity_note=(
        "The PCL-5 has no empirically derived severity bands "
        f"({AU_GUIDELINES.citation.split(':')[0]}); the range of published "
        "cut-points is shown instead."
    ),
    licence=LICENCE,
    loinc_panel="101697-1",
    source=WEATHERS_2013,
)

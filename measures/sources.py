"""Where the numbers and wordings were read; each source once."""

from measures.definition import Source


PROJECT = Source("project", "Definition of this project; see Methods.")

KROENKE_2001 = Source(
    "kroenke_2001",
    "Kroenke K, Spitzer RL, Williams JBW. The PHQ-9: validity of a brief depression "
    "severity measure. J Gen Intern Med 2001;16:606-613.",
)
CAMCOPS = Source(
    "camcops",
    "CamCOPS, tasks phq9 and pcl5, commit 56a303e1 (University of Cambridge).",
    "https://github.com/ucam-department-of-psychiatry/camcops",
)
ARRIETA_2017 = Source(
    "arrieta_2017",
    "Arrieta et al. J Clin Psychol 2017, as described by the R package qscorer.",
    "https://doi.org/10.1002/jclp.22390",
    second_hand=True,
)
LOWE_2004 = Source(
    "lowe_2004",
    "Löwe B, et al. Med Care 2004;42:1194-1201. Two standard errors of measurement "
    "in 434 late-life patients of the IMPACT trial.",
    "https://doi.org/10.1097/00005650-200412000-00006",
)
TRANSFORM_2021 = Source(
    "transform_2021",
    "Meaningful change in treatment-resistant depression, TRANSFORM-1 and -2, "
    "anchored on CGI-S. J Affect Disord 2021. PMID 33261932.",
)
MCMILLAN_2010 = Source(
    "mcmillan_2010",
    "McMillan D, Gilbody S, Richards D. J Affect Disord 2010;127:122-129.",
    "https://doi.org/10.1016/j.jad.2010.04.030",
)
MINDSTEP_2018 = Source(
    "mindstep_2018",
    "MindStep evaluation, BMC Psychiatry 2018, table 1, giving the definitions of "
    "NHS Talking Therapies.",
    "https://doi.org/10.1186/s12888-018-1987-1",
    second_hand=True,
)
CMS159 = Source(
    "cms159",
    "CMS159, Depression Remission at Twelve Months, FHIR version 0.3.000, reporting "
    "year 2026.",
    "https://ecqi.healthit.gov/ecqm/ec/2026/cms0159v14",
)
HEDIS_DRR = Source(
    "hedis_drr_e",
    "HEDIS Depression Remission or Response (DRR-E), NCQA report-card page.",
)
MNCM = Source(
    "mncm",
    "Minnesota Community Measurement, depression response and remission at six and "
    "twelve months (CBE 1884, 1885).",
)
MCINNES_2022 = Source(
    "mcinnes_2022",
    "McInnes LA, et al. A retrospective analysis of ketamine intravenous therapy for "
    "depression in real-world care settings. J Affect Disord 2022.",
    "https://doi.org/10.1016/j.jad.2021.12.097",
)
PFEIFFER_2024 = Source(
    "pfeiffer_2024",
    "Pfeiffer PN, et al. Clinical outcomes of intravenous ketamine treatment for "
    "depression in the VA health system. J Clin Psychiatry 2024;85(1):23m14984.",
    "https://doi.org/10.4088/JCP.23m14984",
)
WEATHERS_2013 = Source(
    "weathers_2013",
    "Weathers FW, Litz BT, Keane TM, Palmieri PA, Marx BP, Schnurr PP. The PTSD "
    "Checklist for DSM-5 (PCL-5). National Center for PTSD, 2013.",
)
BOVIN_2016 = Source(
    "bovin_2016",
    "Bovin MJ, et al. Psychol Assess 2016;28:1379-1391. Veterans, CAPS-5 reference, "
    "n = 140.",
    "https://doi.org/10.1037/pas0000254",
)
MARX_2022 = Source(
    "marx_2022",
    "Marx BP, et al. Psychol Assess 2022;34:197-203. Male veterans in two trials, "
    "n = 198 and n = 102.",
)
BLANCHARD_2023 = Source(
    "blanchard_2023",
    "Blanchard BE, et al. J Trauma Stress 2023;36:1102-1114. Primary care, n = 971.",
    "https://doi.org/10.1002/jts.22975",
)
FEDER_2021 = Source(
    "feder_2021",
    "Feder A, et al. A randomized controlled trial of repeated ketamine "
    "administration for chronic posttraumatic stress disorder. Am J Psychiatry 2021.",
    "https://doi.org/10.1176/appi.ajp.2020.20050596",
)
DARNELL_2025 = Source(
    "darnell_2025",
    "Darnell et al. Weekly and monthly PCL-5. Assessment 2025.",
    "https://doi.org/10.1177/10731911251321929",
)
PAST_DAY_2025 = Source(
    "past_day_2025",
    "Past-Day PCL-5 in massed treatment, n = 222. Psychol Trauma 2025. PMID 40080562.",
)
AU_GUIDELINES = Source(
    "comorbidity_guidelines",
    "Australian comorbidity guidelines, PCL-5: no empirically derived severity bands; "
    "a cut-off tends to be more reliable than the symptom rule.",
    "https://comorbidityguidelines.org.au",
)
EARLY_COURSE_2020 = Source(
    "early_course_2020",
    "PMID 33031861: patients of a Canadian ketamine clinic, QIDS-SR, n = 134.",
    "https://pubmed.ncbi.nlm.nih.gov/33031861",
)
BIO_K_2023 = Source(
    "bio_k_2023",
    "Bio-K trial of three ketamine infusions in treatment-resistant depression, MADRS, "
    "2023 (abstract).",
    "https://www.safetylit.org/citations/index.php?fuseaction=citations."
    "viewdetails&citationIds%5B%5D=citjournalarticle_837756_1",
)
EARLY_SIGNAL_2024 = Source(
    "early_signal_2024",
    "Transl Psychiatry 2024, s41398-024-03027-2: six infusions, MADRS, n = 135.",
    "https://doi.org/10.1038/s41398-024-03027-2",
)
RUBIN_1987 = Source(
    "rubin_1987",
    "Rubin DB. Multiple Imputation for Nonresponse in Surveys. Wiley, 1987.",
)
LOTT_REITER_2020 = Source(
    "lott_reiter_2020",
    "Lott A, Reiter JP. Wilson confidence intervals for binomial proportions with "
    "multiple imputation for missing data. Am Stat 2020;74:109-115.",
)
VAN_BUUREN_2018 = Source(
    "van_buuren_2018",
    "van Buuren S. Flexible Imputation of Missing Data, second edition. Chapman & "
    "Hall/CRC, 2018.",
)
MISSING_DATA_2010 = Source(
    "missing_data_2010",
    "National Research Council. The Prevention and Treatment of Missing Data in "
    "Clinical Trials. National Academies Press, 2010.",
)
JACOBSON_TRUAX_1991 = Source(
    "jacobson_truax_1991",
    "Jacobson NS, Truax P. Clinical significance: a statistical approach to defining "
    "meaningful change in psychotherapy research. J Consult Clin Psychol "
    "1991;59:12-19.",
)
PHQ9_CHINA_2020 = Source(
    "phq9_china_2020",
    "PHQ-9 in patients with major depressive disorder, China. BMC Psychiatry "
    "2020;20:474 (PMC7525967). n = 109, of whom 54 were retested.",
    "https://pmc.ncbi.nlm.nih.gov/articles/PMC7525967/",
)
BLEVINS_2015 = Source(
    "blevins_2015",
    "Blevins CA, et al. J Trauma Stress 2015;28:489-498. Students.",
    "https://doi.org/10.1002/jts.22059",
)
CMS159_V8 = Source(
    "cms159_v8",
    "CMS159v8, Depression Remission at Twelve Months (steward: MN Community "
    "Measurement).",
    "https://ecqi.healthit.gov/sites/default/files/ecqm/measures/CMS159v8.html",
)
CBE_1884 = Source(
    "cbe_1884",
    "CBE 1884, Depression Response at Six Months (steward: MN Community Measurement), "
    "as described by the American College of Physicians.",
    "https://www.acponline.org/depression-response-at-six-months-progress-towards-"
    "remission",
    second_hand=True,
)
CBE_1885 = Source(
    "cbe_1885",
    "CBE 1885, Depression Response at Twelve Months (steward: MN Community "
    "Measurement), Partnership for Quality Measurement.",
    "https://p4qm.org/measures/1885",
)
MNHEALTHSCORES = Source(
    "mnhealthscores",
    "MNHealthScores, Depression: Feel Better (6 Months), MN Community Measurement.",
)
NHS_2024_25 = Source(
    "nhs_talking_therapies_2024_25",
    "NHS Talking Therapies, annual report, England 2024-25 (Open Government Licence).",
)
NHS_FINISHED = Source(
    "fingertips_talking_therapies",
    "Fingertips, Common Mental Disorders, glossary: finished course of treatment.",
    "https://fingertips.phe.org.uk/profile/common-mental-disorders/"
    "supporting-information/Glossary",
)
SPRAVATO_LABEL = Source(
    "spravato_label",
    "Spravato (esketamine) nasal spray, US prescribing information, warning on "
    "increase in blood pressure, as printed in U.S. Medicine 2021.",
    "https://www.usmedicine.com/2021online-dir/inc/html/33.html",
    second_hand=True,
)
SPRAVATO_BEFORE = Source(
    "spravato_before",
    "J&J Medical Connect, Spravato with antihypertensive medications: blood pressure "
    "before administration, as a general guide.",
    "https://www.jnjmedicalconnect.com/products/spravato/medical-content/"
    "concomitant-use-of-spravato-with-antihypertensive-medications",
)
MALOBERTI_2018 = Source(
    "maloberti_2018",
    "Maloberti A, et al. Therapeutic approach to hypertension urgencies and "
    "emergencies in the emergency room. High Blood Press Cardiovasc Prev 2018 "
    "(abstract).",
    "https://doi.org/10.1007/s40292-018-0261-4",
)
SPIEGELHALTER_2005 = Source(
    "spiegelhalter_2005",
    "Spiegelhalter DJ. Funnel plots for comparing institutional performance. Stat Med "
    "2005;24:1185-1202.",
    "https://doi.org/10.1002/sim.1970",
)
MANKTELOW_2012 = Source(
    "manktelow_2012",
    "Manktelow BN, Seaton SE. Specifying the probability characteristics of funnel "
    "plot control limits: an investigation of three approaches. PLoS One 2012;7(9):"
    "e45723 (abstract).",
    "https://doi.org/10.1371/journal.pone.0045723",
)
SHEWHART_1931 = Source(
    "shewhart_1931",
    "Shewhart WA. Economic control of quality of manufactured product. Van Nostrand, "
    "1931.",
)
WHEELER_1992 = Source(
    "wheeler_1992",
    "Wheeler DJ, Chambers DS. Understanding statistical process control. 2nd edition. "
    "SPC Press, 1992.",
)
WESTERN_ELECTRIC_1956 = Source(
    "western_electric_1956",
    "Western Electric Company. Statistical quality control handbook. 1956.",
)
NELSON_1984 = Source(
    "nelson_1984",
    "Nelson LS. The Shewhart control chart: tests for special causes. J Qual Technol "
    "1984;16:237-239.",
)

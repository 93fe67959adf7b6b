"""Which labels do verdicts give to questions and articles?

from_verdicts          labels from verdicts, aggregated over people
conflicts              questions on which people disagree, answers that are often changed
annotator_agreement    people whose verdicts contradict everybody else's
regression_cases       pinned questions that no new version may answer worse
"""

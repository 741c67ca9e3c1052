"""Words that tell a problem, a request, harm and satisfaction in English text; no nested repeats, so linear."""

import re

REQUEST = re.compile(
    r"\b(?:i wish|wish (?:there|i|you|it|we)|would (?:like|love|be (?:nice|great|good|helpful)|prefer)|"
    r"please (?:add|allow|make|provide|support|help|fix|bring|let|consider|include|remove|send|give|investigate)|"
    r"feature request|should (?:be able|have|allow|support|offer|provide|let)|need(?:s)? (?:a|an|to be able|some|help|the)|"
    r"looking for|is there (?:a|an|any) (?:way|option|possibility|chance|app|tool)|how (?:can|do|could|would) (?:i|we|you)|"
    r"how long|can (?:i|you|we) (?:please )?[a-z]+|could (?:i|you|we)|any (?:way|chance|plans?) (?:to|of|for)|"
    r"want(?:ed)? (?:to|the|a|my|an)|i(?:'d| would) pay|(?:it|this) would help|i (?:demand|request|ask)|"
    r"what (?:can|should|do|is|are)|where (?:can|do|is)|why (?:is|are|was|did|do|does|can)|when (?:will|do|can))\b",
    re.IGNORECASE,
)
PROBLEM = re.compile(
    r"\b(?:(?:can(?:not|'t| not)|couldn't|could not|unable|not able|won't|will not|wouldn't|would not|"
    r"doesn't|does not|don't|do not|did ?n(?:'t|ot)|didn 't|isn't|is not|aren't|wasn't|was not|never|hasn't|has not|"
    r"haven't|have not|no longer|still (?:not|no|have|has|waiting|pending))(?! (?:only|just|merely|simply)\b)|"
    r"fail(?:s|ed|ing|ure)?|crash(?:es|ed|ing)?|broken|breaks?|bugs?|bugg?y|errors?|issues?|problems?|trouble|"
    r"wrong|incorrect(?:ly)?|inaccura(?:te|cy|cies)|mistakes?|refus(?:e|es|ed|ing|al)|den(?:y|ied|ies)|reject(?:ed|s)?|"
    r"declined?|decline|lost|stolen|missing|stuck|slow|late|delay(?:s|ed)?|waiting|waited|overcharged?|"
    r"charg(?:ed|ing) (?:me|twice|for|a|extra)|double[- ]charged|fraud(?:ulent|ulently)?|scam(?:s|med)?|unauthori[sz]ed|"
    r"hidden fees?|too (?:expensive|slow|hard|complicated|many|much|long|difficult)|expensive|frustrat(?:ed|ing|ion)|"
    r"annoy(?:ed|ing)|terrible|horrible|awful|worst|useless|poor(?:ly)?|confus(?:ed|ing)|difficult|impossible|painful|"
    r"nightmare|rude|harass(?:ed|ing|ment)?|threaten(?:ed|ing|s)?|ignored?|ignoring|mislead(?:ing)?|misled|lied|"
    r"complain(?:t|ts|ed|ing)?|disput(?:e|ed|es|ing)|violat(?:e|ed|es|ing|ion|ions)|without (?:my|any|our) "
    r"(?:consent|knowledge|permission|authori[sz]ation|notice)|cancel(?:l)?ed|forced|damag(?:e|ed|es|ing)|"
    r"not (?:working|work|mine|responding|received|showing|recogni[sz]ed|accept(?:ed|ing)?|correct|true|fair|right|"
    r"allow(?:ed|ing)?|possible|available|able|helpful|enough|been|as|happy)|doesnt|dont|cant|wont|didnt)\b",
    re.IGNORECASE,
)
HURT = re.compile(
    r"[$€£]\s?\d|\d+(?:[.,]\d+)?\s?(?:dollars|euros|pounds|usd|eur|%)|\b(?:months?|weeks?|years?|hours?|days)\b|"
    r"\b(?:again|repeatedly|multiple times|several times|every (?:day|time|month|week)|over and over|numerous|countless)\b|"
    r"\b(?:lawyer|attorney|court|lawsuit|sue|legal|illegal|police|fraud|stolen|identity theft|bankrupt(?:cy)?|evict(?:ed|ion)?|"
    r"foreclos(?:e|ed|ure)|lost|losing|nightmare|unacceptable|worst|terrible|horrible|impossible|urgent|emergency|asap|"
    r"stress(?:ed|ful)?|sick|depress(?:ed|ion)|afford|ruin(?:ed|ing)?|hardship|cancel(?:led|ling)? my|switch(?:ed|ing) to)\b",
    re.IGNORECASE,
)
SATISFIED = re.compile(
    r"\b(?:love (?:it|this|the)|great|excellent|awesome|perfect(?:ly)?|works? (?:well|great|fine|now)|thank(?:s| you)|"
    r"happy with|satisfied|resolved|solved|fixed now|problem was fixed|recommend)\b",
    re.IGNORECASE,
)
DENIED_HARM = re.compile(
    r"\b(?:no|zero|never|not|without|hardly|[a-z]{2,6}n['’]t|(?:do|did|does|is|was|have|has|had)nt)(?: (?:a|an|any|had|have|has|been|got|single|major|real|big|"
    r"ever|the|least|encounter(?:ed)?|experienced?|see|seen|find|found|one|of)){0,4} "
    r"(?:issues?|problems?|complaints?|troubles?|delays?|errors?|bugs?|faults?|glitch(?:es)?|crash(?:es|ed)?|hassles?|"
    r"regrets?|hesitation|rude|disappoint(?:ed|s|ing)?|fails?|let (?:me|us) down|complain|fault|slow|bad(?: experiences?| at all)?(?! [a-z]))\b|"
    r"\b(?:can(?:no|['’]?)t|couldn['’]?t|could not) (?:complain|fault|go wrong|be (?:happier|better|easier|nicer)|wait to|"
    r"recommend (?:it|them|this|her|him)? ?(?:highly )?enough|ask for (?:more|better)|thank|praise|say enough)|"
    r"\bno (?:one|body)? ?(?:does|is) (?:it )?better\b",
    re.IGNORECASE,
)
"""A harm that is denied, or praise in the words of a denial: no cue of a problem."""

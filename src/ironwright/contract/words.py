"""The word lists and expressions that tell demands, prohibitions, wishes and mere knowledge apart.

They were derived from 1,100 public definitions. RFC 2119 words count in capitals only (RFC 8174): an
upper-case SHOULD is a recommendation, a lower-case "should" is how prose says "must".
"""

from __future__ import annotations

import re
from typing import Final

_IMPERATIVES: Final = """
accept achieve acknowledge adapt add address adhere adjust adopt agree align allow analyze analyse
annotate announce answer apply archive arrange ask assert assess assign assume attach attempt audit avoid
back balance base batch be become begin block break bring bubble bump call capture carry catch centralize
challenge choose clarify classify clean cleanup close collect combine comment commit communicate compare
compile complete comply compose compute conduct configure confirm consider consolidate consult contain
continue convert copy correct cover craft create cross-check cut debug decide declare decompose default
defer define delegate delete deliver demonstrate deny derive describe design detect determine develop
diagnose discard discuss distinguish do document double-check draft drive drop elaborate eliminate embed
embrace emit employ enable encapsulate encode encourage enforce engage enhance ensure enumerate escalate
establish estimate evaluate examine exclude execute exercise exhaust exit explain explore expose express
extend extract fail favor favour fetch file fill filter find finish fix flag focus fold follow forbid
force format formulate gate gather generate get give go group guarantee guard guide handle hide highlight
identify ignore implement import improve include incorporate increase indicate inform initialize inline
insert inspect install instrument integrate interpret introduce invest investigate invoke isolate iterate
join justify keep label launch learn leave let leverage limit link list load locate log look maintain make
manage map mark match measure merge migrate minimize minimise mirror mock model modify monitor move name
narrow note notify observe obtain offer omit open optimize optimise order organize organise output pair
parse pass perform pick pin place plan point prefer prepare present preserve prevent print prioritize
prioritise proceed process produce profile prohibit promote propagate propose protect prove provide prune
publish pull push put query question quote raise rank re-run rerun reach read reassess recommend record
reduce refactor refer refine reflect refuse reject rely remember remove rename reorganize repeat replace
reply report reproduce request require research resolve respect respond restate restore restrict retry
return reuse review revert rewrite root-cause rotate run sanitize save scan search seek select send
separate serialize set show sign simplify skip solve specify split squash stage start state stay stick
stop store stream strip strive structure study submit suggest summarize summarise support surface survey
switch sync synthesize take target tell terminate test think track trace translate treat trigger trim try
understand undo unify unwrap update upgrade uphold use utilize utilise validate verify version visualize
wait walk warn watch weigh work wrap write yield
"""
IMPERATIVES: Final = frozenset(_IMPERATIVES.split())
"""First words that make a sentence an order; some are nouns too, see ``AMBIGUOUS``."""

_AMBIGUOUS: Final = """
address answer audit back balance base batch block break call challenge change comment commit cover craft
cut debug default design do document draft drive drop embed exercise exit file fill filter find fix flag
focus fold force format function gate group guard guide handle import increase install label launch link
list load lock log look map mark match measure model monitor move name note open order output pair pass
pin place plan point print process produce profile prune publish pull push query question rank record
reference refactor report request research respect return review run sample scan search sequence set show
sign split stage start state stop store stream structure study support surface survey switch sync target
test trace track trigger try type update upgrade version walk watch work wrap yield
"""
AMBIGUOUS: Final = frozenset(_AMBIGUOUS.split())
"""Imperatives that are nouns as well ("Test coverage"): they need an object with a determiner, or a verb."""

_FUNCTION_WORD = (
    r"(?:the|a|an|all|any|each|every|both|your|its|their|this|that|these|those|our|my|it|them|one|no|"
    r"not|only|at|with|"
    r"for|from|to|in|into|on|onto|over|through|under|within|without|when|if|before|after|until|using|"
    r"via|by|as|against|"
    r"whether|what|how|why|where|which|who|and|or|up|out|off|down|new|existing|actual|real|clear|"
    r"more|multiple|"
    r"comprehensive|meaningful|full|proper|appropriate|cargo|unit|integration|public|edge|complex|"
    r"\w+ly|/\S+|\d\S*)"
)
AMBIGUOUS_USE: Final = re.compile(
    rf"^[\w-]+(?:\s*/\s*[\w-]+|\s*,\s*[\w-]+|\s+(?:and|or)\s+[\w-]+)?\s+{_FUNCTION_WORD}(?=[\s,.;:]|$)",
    re.IGNORECASE,
)

MODAL: Final = re.compile(
    r"\b(?:must|shall|should|ought to|ha(?:s|ve) to|needs? to(?: be)?|(?:is|"
    r"are) (?:strictly )?(?:required|mandatory|"
    r"forbidden|prohibited|banned|unacceptable|non-negotiable|not (?:allowed|permitted|acceptable|"
    r"optional|tolerated))|"
    r"always|never|do not|don't|cannot|can't|may not|will not|won't|mandatory|no exceptions?|"
    r"zero tolerance|required)\b"
    r"|^required\b|^(?:it is|make) (?:essential|sure|certain)\b",
    re.IGNORECASE,
)
STRONG_MODAL: Final = re.compile(
    r"\b(?:must|shall|always|never|mandatory|non-negotiable|no exceptions?|do not|don't|"
    r"not (?:allowed|permitted|"
    r"acceptable)|(?:is|are) (?:strictly )?(?:required|forbidden|prohibited|banned)|last resort|"
    r"escalation only)\b",
    re.IGNORECASE,
)
UNIVERSAL: Final = re.compile(
    r"^(?:every|all|each|any|no|none of)\b(?=.*?\b(?:is|are|has|have|gets?|must|should|requires?|"
    r"pass(?:es|ing)?|"
    r"comes?|includes?|"
    r"contains?|carr(?:y|ies)|compiles?|exceeds?|returns?|uses?|needs?|longer|over|above|below|"
    r"more than|larger|without|"
    r"with|in|allowed)\b)|^no\b",
    re.IGNORECASE,
)
THRESHOLD: Final = re.compile(
    r"[≥≤<>]=?\s*\d|\b(?:at least|at most|minimum(?: of)?|maximum(?: of)?|min\.?|max\.?|no (?:more|"
    r"less|fewer) than|not "
    r"exceed(?:ing)?|(?:more|less|fewer|greater|higher|lower|larger) than|under|below|above|over|"
    r"up to|exceeds?|reach(?:es)?|limit(?:ed)?"
    r"(?: to| of)?|capped at)[:\s]*(?:an?\s)?\d|(?<!\d)\d+\s*%?\s*(?:\+|or (?:more|higher|less|fewer|better|"
    r"above)|(?:line)?s? ?max(?:imum)?\b"
    r"|min(?:imum)?\b|or greater)",
    re.IGNORECASE,
)
SOFT: Final = re.compile(
    r"(?i:\b(?:aim(?:s|ing)? (?:for|to|at)|striv(?:e|ing) (?:for|to)|try(?:ing)? to|seek to|ideally|"
    r"preferabl[ey]|prefer(?:red|ring)?|"
    r"(?:where|when|if)(?:ver|ever)? (?:possible|applicable|appropriate|practical|feasible|relevant|"
    r"sensible|useful|helpful|needed|necessary|"
    r"reasonable|available|desired|it makes sense|time permits|you (?:want|like))|"
    r"as (?:needed|appropriate|necessary|applicable|far as possible|much as possible)|recommended|"
    r"nice[- ]to[- ]have|optional(?:ly)?|"
    r"would be (?:nice|good)|good to|encouraged?|usually|generally|typically|mostly|in most cases|"
    r"as a guideline|rule of thumb|"
    r"roughly|suggested)\b|^(?:always )?(?:consider|attempt to)\b|\bshould consider\b)|"
    r"\b(?:SHOULD|RECOMMENDED|MAY|OPTIONAL)\b(?! NOT BE| HAVE)"
)
"""Words that make a demand a wish; the capitalised ones are RFC 2119's."""

SOFT_BEHIND: Final = re.compile(
    r"(?:where|when|if)(?:ver|ever)?\b|as\b|recommended|optional|nice|encouraged|roughly|suggested",
    re.IGNORECASE,
)
"""The wishes that stand behind what they soften ("where applicable"), and soften no more than that."""

GOAL: Final = re.compile(r"(?<!-)\b(?:targets?(?!\s+dir|/)|goals?|desired)\b", re.IGNORECASE)
FIRM: Final = re.compile(
    r"\b(?:must|shall|minimum|required|mandatory|never|always|no exceptions?|strictly|or higher)\b",
    re.IGNORECASE,
)

NEGATION: Final = re.compile(
    r"\b(?:never|not|no|don't|doesn't|cannot|can't|won't|shouldn't|mustn't|isn't|aren't|avoid(?:s|"
    r"ing)?|without|none|neither|nor|"
    r"forbid(?:den|s)?|prohibit(?:ed|s)?|ban(?:ned|s)?|disallow(?:ed|s)?|refuse|reject|eliminate|"
    r"remove|replace|free of|"
    r"instead of|rather than|refrain(?: from)?|minimi[sz]e|zero|flag|unacceptable)\b|🚫|❌",
    re.IGNORECASE,
)
SEEK: Final = re.compile(
    r"\b(?:check|look|watch|scan|search|hunt|grep) (?:out )?for\b|\bdetect\b", re.IGNORECASE
)
UNDOES_NEGATION: Final = re.compile(
    r"\b(?:until|unless|before|without|except|only|skip(?:ping)?|forget(?:ting)?|miss(?:ing)?|"
    r"omit(?:ting)?|ignor(?:e|ing)|"
    r"fail(?:ing)? to|bypass(?:ing)?|disabl(?:e|ing)|neglect(?:ing)?|but also)\b",
    re.IGNORECASE,
)

CONDITION: Final = re.compile(
    r"^(?:(?:and|but|also),?\s+)?(?:if|in case|when|whenever|where|unless|while|although|because|"
    r"since|as soon as)\b",
    re.IGNORECASE,
)
TRIGGER: Final = re.compile(
    r"^(?:(?:immediately|always|just|right|only|strictly|directly)\s+)?(?:before|after|prior to|upon|"
    r"once|when (?:you(?:'re| are| have)? )?"
    r"(?:start|begin|finish|complet|done)\w*|at the (?:start|end|beginning)|on completion|pre-|post-|"
    r"every time|whenever)\b",
    re.IGNORECASE,
)
DESCRIPTION: Final = re.compile(
    r"^(?:you(?:'re| are| have| bring| possess| excel| specialize| specialise| understand| know|"
    r" combine| embody| serve| act| "
    r"think| operate| see| approach|'ve)\b|your (?:role|expertise|mission|goal|job|purpose|task|"
    r"approach|knowledge|background|"
    r"experience|primary|core|main|implementations|strength)|i(?:'m| am| have| bring|'ll| will| can|"
    r" specialize| excel)\b|as an? |"
    r"this (?:agent|document|file|command|guide|section|skill|means|is|ensures|allows|helps|includes|"
    r"covers)|the (?:following|goal|"
    r"purpose|user)|here(?:'s| is| are)|there (?:is|are)|it(?:'s| is)|we(?:'re| are| have)|"
    r"remember that|note that)",
    re.IGNORECASE,
)
DIALOGUE: Final = re.compile(
    r"^(?:[-*]\s*)?(?:user|assistant|human|context|a|q|claude|agent)\s*:", re.IGNORECASE
)
SAMPLE: Final = re.compile(
    r"\bas if you were\b|\b(?<!\d)\d+\s*/\s*\d+\b|\b\d+ (?:tests? )?(?:passed|failed|passing|failing)\b(?! "
    r"(?:attempts?|tries|runs))|"
    r"\d+(?:\.\d+)?%\s*(?:→|"
    r"->|to)\s*\d|\[(?:number|count|"
    r"n|x|percentage|percent|xx?|file|name|status|pass/fail|list|description)\]|\{\{|\bxx+%?|"
    r"^\W*\d+(?:\.\d+)?%\W*$|"
    r"\d%\s*\([+-]\d|^[✅✓✔☑]\s*\w[\w\s]*:\s*\d+(?:\.\d+)?%?\s*$|\$\{|<[\w -]+>$",
    re.IGNORECASE,
)
NUMBER_ONLY: Final = re.compile(r"^[\w\s()/-]{0,40}:\s*~?\d+(?:\.\d+)?\s*%?\s*(?:\([^)]*\))?\W*$")

DETAIL_LEAD: Final = re.compile(
    r"\b(?:identifying|including|includes?|such as|e\.g\.?|for example|for instance|like|namely|"
    r"consists? of|covering|across|"
    r"with the following|the following (?:areas|topics|aspects|tools|skills|commands|format)|"
    r"looks? like|depending on|responds? with|"
    r"as follows)\W*$",
    re.IGNORECASE,
)

SILENT_TOPIC: Final = re.compile(
    r"\bwhen (?:not )?to (?:use|delegate|invoke|engage|call|escalate|choose|hand)|"
    r"\bwhen i (?:delegate|escalate|hand)|"
    r"\b(?:invoked|called|triggered|activated|launched) (?:when|whenever|if)\W*$|"
    r"\bwhen (?:you|the user) (?:should use|invokes?)|\buse (?:me|this agent|this command|standard|"
    r"advanced|the (?:standard|advanced))\b|"
    r"\b(?:standard|advanced) version\b|\bdelegat(?:e|es|ion|ing)\b|\bwhat i (?:handle|do|don't|"
    r"do not|can|cover|bring|won't|delegate)|"
    r"\bhand(?:ing|s)?[- ]?offs?\b|\bcollaborat|\bother agents\b|\brelated agents\b|"
    r"\bintegration with\b|^(?:key |external |learning |"
    r"additional )?(?:resources?|references?|further reading|see also|links|documentation links)\b|"
    r"\bresources i\b|"
    r"\bexamples?\b|\bsamples?\b|\btemplates?\b|\b(?:output|report|response|message|reporting|"
    r"summary|answer) (?:format|structure|template|style)\b|"
    r"\bdialogues?\b|\bnot (?:handle|responsible)|\bout of scope\b|\blimitations\b|^(?:about|"
    r"background|overview|introduction|history|"
    r"changelog|glossary|troubleshooting|faq|usage|arguments?|parameters|inputs?)\b|"
    r"\bcommon (?:issues|errors|problems|failures|scenarios)\b|"
    r"\bi (?:am|'m) not\b|\bnot for\b",
    re.IGNORECASE,
)
KNOWLEDGE_TOPIC: Final = re.compile(
    r"\bcapabilit|\bexpertise\b|\bknowledge\b|\bskills?\b|\bspeciali[sz]|\bspecialt|\bcompetenc|"
    r"\b(?:tech|technology|technical) stack\b|"
    r"\btechnolog(?:y|ies)\b|\btoolbox\b|\btools?\b|\btooling\b|\bdomains?\b|\bareas? of\b|"
    r"\btechniques\b|\bpatterns\b|\bconcepts\b|"
    r"\bstrengths\b|\badvantages\b|\bexperience\b|\bproject (?:structure|overview|context|layout)\b|"
    r"\barchitecture overview\b|\bkey (?:files|components|"
    r"types|crates)\b|\bcommands?\b(?!.*\b(?:must|before|required|mandatory|run)\b)|\bcheat ?sheet\b|"
    r"\bquick reference\b|\bexplained\b|\bwhy\b|"
    r"\bcontext\b|\bproficien|\bmaster(?:y|ing)\b|\bthings? i\b",
    re.IGNORECASE,
)
FORBIDDEN_TOPIC: Final = re.compile(
    r"^\W*(?:never|do not|don't|must not|forbidden|prohibited)\s+(?:ever\s+)?(?:(?:run|use|execute|call|"
    r"do|modify|touch|"
    r"edit)\s+)?(?:any of\s+)?(?:these|those|the following)?\s*(?:commands?|files?|patterns?|crates?|things?|"
    r"actions?|operations?)?\W*$|"
    r"^\W*(?:(?:absolutely |strictly |please )?(?:don'?ts?|do nots?|never)(?:\s+(?:do|use|write|"
    r"include|add|commit|ever|allow|accept|leave|introduce|create|ship))?"
    r"(?: (?:this|these|any of these|the following))?\W*$|avoid(?:\W|$)(?!.{40})|things (?:not to do|"
    r"to avoid|you (?:must )?never do)|what (?:not to do|to avoid|"
    r"you (?:must|should) (?:not|never) do)|red flags?\b|anti-?patterns?\b|(?:common )?(?:mistakes|"
    r"pitfalls)\b|bad practices?|forbidden\b|"
    r"prohibited\b|banned\b|not allowed\b|you must (?:never|not)\W*$|strictly forbidden|"
    r"code smells?\b|unacceptable\b|❌|🚫|⛔)|\bto avoid\W*$|"
    r"\b(?:must|should) (?:not|never)\W*$|\bnot allowed\W*$|\bnever\W*$|\bdo not\W*$|\bdon't\W*$|"
    r"\b(?:never|don't|do not|avoid)\b[\w\s,'()/-]{0,40}:\W*$|"
    r"\brejects?\b.{0,30}:\W*$|\bred flags?\b|\bmust never\b.{0,40}:?\W*$",
    re.IGNORECASE,
)
DEMAND_TOPIC: Final = re.compile(
    r"\bstandards?\b|\brequirements?\b|\brules?\b|\bguidelines?\b|\bmust\b|\bmandatory\b|"
    r"\brequired?\b|\bchecklist\b|\bpolic(?:y|ies)\b|"
    r"\bprinciples?\b|\bconstraints?\b|\bquality\b|\bcriteri(?:a|on)\b|\bdefinition of done\b|"
    r"\b(?:only |not )?(?:complete|done|finished|ready) (?:when|once|only if|only when)\b|"
    r"\bdefinition of (?:done|complete|ready)\b|\bdo'?s\b|^\W*do\W*$|\bbest practices\b|"
    r"\bresponsibilit|\bworkflow\b|^(?:before|after|prior)\b|\balways\b|\bensure\b|\bconventions?\b|"
    r"\bexpectations?\b|"
    r"\bthresholds?\b|\bprovide\b|\bverify\b|\bnon-negotiables?\b|\bcritical\b|\bimportant\b|"
    r"\bgates?\b|\blimits?\b",
    re.IGNORECASE,
)
"""Headings under which even a noun standing alone is asked for."""

SUBJECT_TOPIC: Final = re.compile(
    r"^outputs?\W*$|\bapproach\b|\bcoverage\b|\bverification\b|\bvalidation\b|\bdeliverables?\b|"
    r"\btesting\b|"
    r"\berror handling\b|"
    r"\bcode (?:style|development|review)\b|"
    r"\bmetrics?\b|\btargets?\b|\bdocumentation\b",
    re.IGNORECASE,
)
"""Headings that demand unless they stand below one that only lists knowledge."""

SOFT_TOPIC: Final = re.compile(
    r"\bnice[- ]to[- ]haves?\b|\boptional\b|\bwhere (?:applicable|possible)\b|\bif applicable\b|"
    r"\bwhen (?:applicable|appropriate)\b|"
    r"\brecommend(?:ed|ations?)\b|\bconsider(?:ations?)?\b|\bsuggest|\baim (?:for|to)\b|\bstrive\b|"
    r"\bgoals?\b|\btargets?\b|\bprefer",
    re.IGNORECASE,
)
COMMANDS_DEMANDED: Final = re.compile(
    r"\bmust\b|\brequired\b|\bmandatory\b|\balways\b|\bensure\b|\bquality (?:gates?|checks?)\b|"
    r"\bchecklist\b|\bpre-?(?:commit|push|merge)\b|"
    r"\bbefore (?:you )?(?:commit|push|submit|finish|complet|merg|open|creat|mark|claim|declar|"
    r"deliver|done|any|every|handing)|\bafter (?:every|each|any|"
    r"making|complet|implement|writ|chang|finish)|\bdefinition of done\b|\b(?:need|have|"
    r"has) to pass\b|\bshould pass\b|\ball (?:pass|of)\b|"
    r"^\W*(?:\d+\.\s*)?(?:then |finally |always )?run (?:these|the following|all|this|both)\b|"
    r"\bvalidate (?:with|by)\b|\bverify (?:with|by|that)\b",
    re.IGNORECASE,
)

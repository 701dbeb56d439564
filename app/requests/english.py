"""The forms that English requests have; see `detect`."""

import re

from quire.requests.forms import Form, compiled

_MEDIA = r"(?P<media>pdfs?|word|excel|powerpoint|text|markdown|html|csv|e-?mail|epub)"
_DOC = rf"(?:(?:{_MEDIA}[ -])?(?:document|doc|file)|(?P<short>pdf|spreadsheet|presentation))"
_DOCS = (
    rf"(?:(?:{_MEDIA}[ -])?(?:documents|docs|files)"
    r"|(?P<short>pdfs|spreadsheets|presentations))"
)
_PLACE = (
    r"(?:(?:the|my|our|your|this) (?:knowledge base|knowledgebase|kb|document collection)"
    r"|(?:my|our|your|this) (?:collection|library|database|index)|here|quire)"
)
_KEPT = r"(?:added|uploaded|indexed|ingested|imported|loaded|stored)"
_HAD = (
    r"(?:are there|do (?:you|we|i) (?:currently |now )?have(?: access to)?|have (?:you|we|i) got"
    rf"|(?:have|did) (?:you|we|i) (?:{_KEPT}|add|upload|index|ingest|import|load)"
    rf"|(?:are|have been|were) (?:currently |already )?(?:{_KEPT}|available)"
    r"|can you (?:see|access|read|search)|do you know|are)"
)
_WITHIN = (
    rf"(?: (?:in|from) (?:all of )?{_PLACE}| {_PLACE}| in (?:total|all)| altogether| now| so far)*"
)
_THE = r"(?:(?:a|all|the|my|our|your|every|each|of|list of|names? of) )*"
_SHOW = (
    r"(?:list|show|name|display|enumerate|give|tell|(?:let|can|could|may) (?:me|i) (?:see|have))"
    r"(?: me| us)?"
)
_MOST = (
    r"(?P<most>newest|latest|most recent|oldest|earliest|longest|largest|biggest|shortest|smallest)"
)
_LAST = (
    rf"(?:(?P<last>most recently|last|latest) (?:{_KEPT}|changed|modified|updated|edited)"
    rf"|(?:{_KEPT}|changed|modified|updated|edited) (?P<last_>last|most recently))"
)
_OWN = (
    rf"(?: (?:that )?(?:you|we|i) have| (?:in|of) (?:all )?(?:{_PLACE}|(?:my|our|your) {_DOCS}))?"
)
_ON = r"(?:on|about|regarding|concerning)"
_TOPIC = r"(?P<topic>.+?)"
_FILE = r"(?P<first>.+?)"
_SECOND = r"(?P<second>.+?)"
_REGARDING = rf"(?:,? (?:{_ON}|with regard to|in terms of|as to) (?P<topic>.+))?"
_SUM = (
    r"(?:summari[sz]e|sum up|give (?:me |us )?(?:a|an|the) (?:\w+ )?"
    r"(?:summary|overview|outline|synopsis|abstract|gist) of|(?:a |the )?(?:short |brief )?"
    r"(?:summary|synopsis|gist) of|make (?:me )?a (?:short |brief )?summary of|tl;?dr:?(?: of)?)"
)
_NUMBER = (
    r"(?:,? (?:in|with) (?:at most |about )?(?P<number>\d{1,2}|one|two|three|four|five|six|seven"
    r"|eight|nine|ten) sentences?)?"
)

FORMS: tuple[Form, ...] = compiled(
    ("count", rf"how many (?:different )?{_DOCS}(?: {_HAD})?{_WITHIN}"),
    (
        "count",
        rf"(?:(?:what is|what's|{_SHOW}) )?the (?:total )?number of {_DOCS}(?: (?:you|we|i) have)?"
        rf"{_WITHIN}",
    ),
    ("count", rf"count (?:all |the |my |our |your )*{_DOCS}{_WITHIN}"),
    (
        "count",
        rf"how many pages (?:{_HAD} (?:in total|altogether"
        rf"|in all (?:of )?(?:the |my |your )?{_DOCS})"
        rf"|(?:do|does) (?:all )?(?:my|our|your|the) {_DOCS} have (?:in total|altogether))",
    ),
    (
        "list",
        rf"(?:{_SHOW} |an? (?=list)){_THE}{_DOCS}"
        rf"(?: (?:that )?{_HAD}| (?:that )?(?:you|we|i) have| there are)?{_WITHIN}",
    ),
    ("list", rf"{_SHOW} {_THE}(?:{_DOC} names|{_DOC})" rf"(?: in {_PLACE})"),
    ("list", rf"(?:what|which) {_DOCS} {_HAD}{_WITHIN}"),
    ("list", rf"(?:what is|what's|what do you have) in {_PLACE}"),
    ("list", r"what (?:information|material|sources|data) do you have(?: access to)?"),
    ("list", rf"(?:do you have|are there|have you got) (?:any )?{_DOCS}{_WITHIN}"),
    ("list", r"what do you have"),
    (
        "first",
        rf"(?:(?:what|which)(?: one)? (?:is|was|are)|what's|{_SHOW}|open) (?:the )?"
        rf"(?:{_MOST}|{_LAST}) {_DOC}{_OWN}",
    ),
    (
        "first",
        rf"(?:what|which) (?:{_DOC}|one of (?:the|my|our|your) {_DOCS}|of (?:the|my|our|your) "
        rf"(?:documents|files)) is (?:the )?{_MOST}(?: one)?{_OWN}",
    ),
    (
        "first",
        rf"(?:what|which) {_DOC} (?:is|was|has been|did (?:i|we) (?:add|upload)) (?:the )?"
        rf"(?:(?:(?:{_LAST}|last))|(?:{_KEPT} )?(?P<last__>last|most recently))(?: one)?{_OWN}",
    ),
    ("first", rf"(?:what|which) {_DOC} has (?:the )?(?P<pages>most|fewest) pages"),
    ("about", rf"what (?:else )?do you have (?!on (?:the|an?) ){_ON} {_TOPIC}"),
    (
        "about",
        rf"what (?:{_DOCS}|information|materials?|sources) do you have {_ON} {_TOPIC}",
    ),
    ("about", rf"(?:what|which) {_DOCS} do (?:we|i) have {_ON} {_TOPIC}"),
    (
        "about",
        r"do you have (?:anything|something|(?:any |some )?(?:documents?|files?|information"
        rf"|materials?)) {_ON} {_TOPIC}",
    ),
    (
        "about",
        rf"do (?:we|i) have (?:any |some )?(?:documents?|files?) {_ON} {_TOPIC}",
    ),
    (
        "about",
        rf"(?:is|are) there (?:anything|something|any (?:{_DOCS}|information)) {_ON} {_TOPIC} in "
        rf"(?:{_PLACE}|(?:my|our|your|the|these) {_DOCS})",
    ),
    ("about", rf"(?:is|are) there any {_DOCS} (?:about|regarding|concerning) {_TOPIC}"),
    ("about", rf"(?:what|which) {_DOCS} (?:are|is) about {_TOPIC}"),
    ("about", rf"(?:what|which) {_DOCS} (?:deal|have to do) with {_TOPIC}"),
    (
        "about",
        rf"(?:find|show|list|give|search for|look for)(?: me| us)? (?:(?:all|any|the|every|some) )*"
        rf"(?:{_DOCS}|document|file) (?:about|regarding|concerning|dealing with"
        rf"|on the (?:subject|topic) of) {_TOPIC}",
    ),
    (
        "about",
        rf"(?:show|tell|give|list)(?: me| us)? (?:everything|anything|what|all) (?:that )?you have "
        rf"{_ON} {_TOPIC}",
    ),
    ("summary", rf"{_SUM} {_FILE}{_NUMBER}"),
    ("summary", rf"what(?: is|'s) {_FILE} (?:about|all about)"),
    ("summary", rf"what does {_FILE} say in (?:short|brief|a nutshell|\d+ sentences)"),
    ("compare", rf"compare {_FILE} (?:with|and|to|against|versus|vs\.?) {_SECOND}{_REGARDING}"),
    (
        "compare",
        r"(?:(?:what|where) (?:is|are)|what's|show me|tell me|list) (?:all )?the (?:main )?"
        rf"differences? between {_FILE} (?:and|versus|vs\.?) {_SECOND}{_REGARDING}",
    ),
    (
        "compare",
        rf"how (?:does|do|is|are) {_FILE} (?:differ|different) from {_SECOND}{_REGARDING}",
    ),
    ("compare", rf"compare (?:(?:the|my|our|these|both|two) )+{_FILE}(?: with each other)?"),
    (
        "compare",
        r"(?:(?:what|where) (?:is|are)|what's|show me|tell me|list) (?:all )?the (?:main )?"
        rf"differences? between (?:(?:the|my|our|these|both|two) )+{_FILE}",
    ),
    ("compare", rf"what (?:has )?changed (?:between|from) {_FILE} (?:and|to) {_SECOND}"),
    (
        "facts",
        rf"how many (?:pages|sheets|slides) (?:does {_FILE} have|are (?:there )?in (?P<first_>.+))",
    ),
    ("facts", rf"how long is {_FILE}"),
    ("facts", rf"when was {_FILE} (?:last )?(?:{_KEPT}|changed|modified|updated|edited)(?: last)?"),
    (
        "cannot",
        rf"(?P<verb>delete|remove|erase|rename|move|edit|rewrite|correct|translate|convert|print"
        rf"|e-?mail|send)(?: the| my| this)?(?: file| document)? {_FILE}"
        r"(?: (?:in|in?to|as|to|from) .{1,60})?",
    ),
    (
        "cannot",
        r"(?P<verb>add|upload|import|ingest) (?:a|an|the|this|my|these|some)(?: new)? "
        r"(?:documents?|files?|pdfs?|folder)",
    ),
    (
        "greeting",
        r"(?:(?:hello|hi|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day))"
        r"(?:,? (?:there|quire|everyone|all|again))?)",
    ),
    (
        "thanks",
        r"(?:(?:ok|okay|great|perfect|super|cool|wonderful|alright|excellent),? )?"
        r"(?:thanks|thank you|thx|many thanks|cheers|ta)"
        r"(?: (?:a lot|so much|very much|again|quire|for (?:your|the) help|for that))*",
    ),
    ("bye", r"(?:bye|bye bye|goodbye|good bye|good night|see you|see you later)(?:,? quire)?"),
    (
        "who",
        r"(?:who|what) are you|what(?:'s| is) your name|what can (?:you|quire) do(?: for me)?"
        r"|what can i ask(?: you| quire)?|how can you help(?: me| us)?|what are you able to do"
        r"|what are your (?:capabilities|functions|features)|are you (?:an? )?(?:ai|bot|robot|human"
        r"|person|chatgpt|machine)|help|can you help(?: me| us)?|introduce yourself",
    ),
)

POLITE = re.compile(
    r"^(?:(?:please|kindly|now|well|so|ok|okay|hello|hi|hey|dear)(?: quire| there)?[,.!]? "
    r"|(?:can|could|would|will) you (?:please )?(?=\w+ )(?!help)"
    r"|i (?:want|would like|'d like) you to "
    r"|i(?:'d| would) like (?:to see |to have )?(?=(?:a|the) (?:list|summary))"
    r"|(?:can|could|would|will) you (?:please )?tell me (?:please )?)+",
    re.IGNORECASE,
)
ENDING = re.compile(r"(?:,? (?:please|thanks|thank you|for me|for us))+$", re.IGNORECASE)
NUMBERS = {
    word: number
    for number, word in enumerate("one two three four five six seven eight nine ten".split(), 1)
}
CLAUSE = re.compile(
    r"^(?:to|that|how|what|why|whether|when|where|who|whom|whose|which|if|it|its|them|they|this|these"
    r"|those|you|your|yours|him|her|each other|file|files|request|demand|time|site|board|hand|call"
    r"|duty|top|average|display|stock|offer|hold|monday|tuesday|wednesday|thursday|friday|saturday"
    r"|sunday)\b(?!.*\.\w{2,4}\b)",
    re.IGNORECASE,
)
"""What is no topic: a clause, a word that only points, and the rest of a phrase ("on request")."""
EVERYTHING = re.compile(
    rf"(?:everything|(?:(?:all|each|every one|of|the|my|our|your|these) )*{_DOCS}"
    r"|the (?:whole|entire) (?:collection|knowledge base))",
    re.IGNORECASE,
)
THIS = re.compile(r"(?:this|the|my)(?: whole| entire)? (?:document|file|text|pdf)", re.IGNORECASE)

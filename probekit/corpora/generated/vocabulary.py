"""The word lists of the generative grammar, most frequent first. `~` marks mass nouns.

Kinds: p person, n animal, g group, t thing, l place, a abstract, e event. Verb lines read `lemma:subject
kinds[:object kinds[:particle or preposition]]`; `*` marks a subject that undergoes (ARG1). Many words stand
in several classes on purpose (run, walk, plan, light, open, order, water, record, fast, hard).
"""

from __future__ import annotations

MODALS = "will can would could should may might must"

PRONOUNS = {
    (1, "Sing", ""): ("I", "me", "my", "myself"),
    (2, "", ""): ("you", "you", "your", "yourself"),
    (3, "Sing", "Masc"): ("he", "him", "his", "himself"),
    (3, "Sing", "Fem"): ("she", "her", "her", "herself"),
    (3, "Sing", "Neut"): ("it", "it", "its", "itself"),
    (1, "Plur", ""): ("we", "us", "our", "ourselves"),
    (3, "Plur", ""): ("they", "them", "their", "themselves"),
}

NOUNS = {
    "p": "man woman friend child teacher student girl boy neighbor worker writer mother father brother "
    "sister driver "
    "guest visitor expert stranger",
    "n": "dog cat horse bird mouse",
    "g": "family group team committee class council crowd",
    "t": "book car letter house door light picture table key phone box machine chair bag window map clock "
    "report water~ "
    "food~ money~ coffee~ bread~ paper~ plan record order",
    "l": "city school house town street village room park station office country road kitchen hotel library bridge",
    "a": "problem idea plan question story answer reason rule decision light work~ help~ advice~ news~ "
    "time~ change "
    "report promise mistake name point hope interest",
    "e": "meeting party visit trip walk talk dinner lesson fight dance test",
}

TOPIC_NOUNS = {
    "sport": {
        "p": "player coach runner captain fan swimmer referee champion rival",
        "n": "horse",
        "g": "team club league squad",
        "t": "ball bat net trophy jersey bike shoe medal",
        "l": "stadium field gym pool track court",
        "a": "score record pace skill tactic chance practice~ luck~",
        "e": "game match race run final tournament season play",
    },
    "business": {
        "p": "manager trader customer banker lawyer investor clerk owner",
        "n": "dog",
        "g": "company board firm union bank",
        "t": "product share contract loan bill check tool",
        "l": "market office bank factory store shop",
        "a": "price profit offer cost budget trade tax plan growth~ debt",
        "e": "sale deal auction strike merger meeting",
    },
    "health": {
        "p": "doctor patient nurse surgeon dentist pharmacist",
        "n": "mouse",
        "g": "clinic staff ward agency",
        "t": "pill drug bandage needle mask medicine~ blood~",
        "l": "hospital clinic ward lab pharmacy",
        "a": "pain risk fever cure habit dose sleep~ rest~ diet",
        "e": "treatment operation test checkup therapy",
    },
    "nature": {
        "p": "farmer hunter ranger guide gardener fisherman",
        "n": "bird wolf bear fish cow sheep fox",
        "g": "herd flock pack",
        "t": "tree plant stone flower leaf seed grass~ wood~ rain~ boat",
        "l": "forest river lake mountain valley garden beach island",
        "a": "climate danger color silence~ cold~ heat~ weather~",
        "e": "storm flood fire harvest drought hunt",
    },
}

GENDERS = {
    "man": "Masc", "boy": "Masc", "father": "Masc", "brother": "Masc", "fisherman": "Masc",
    "woman": "Fem", "girl": "Fem", "mother": "Fem", "sister": "Fem",
}  # fmt: skip

PLURALS = {
    "man": "men", "woman": "women", "child": "children", "fisherman": "fishermen", "mouse": "mice",
    "leaf": "leaves",
    "wolf": "wolves", "fish": "fish", "sheep": "sheep", "staff": "staffs", "therapy": "therapies",
}  # fmt: skip

VERBS = {
    "intransitive": "work:pta wait:pn sleep:pn laugh:p leave:pgn arrive:pgtn* happen:ea* run:pnt walk:pn "
    "smile:p "
    "stop:pnge* change:pgtale* rest:pn fall:pnta* rise:a* begin:ea* end:ea* open:tl* close:tl* talk:p "
    "matter:ae* dance:p "
    "disappear:ptn* help:pta",
    "transitive": "see:pgn:pngtle take:pg:ta find:pgn:pntla need:pgtle:ptage want:pgn:pgtae use:pg:tla "
    "make:pg:tae "
    "know:p:pgla like:pn:pntleag watch:pgn:pnte help:pga:pg meet:pg:pg love:p:pnlte open:p:tl close:pg:tl "
    "move:p:t "
    "follow:pgn:png visit:pg:pgl plan:pg:ea change:pgae:ale order:p:t read:p:t write:p:t explain:p:ae "
    "remember:p:plea "
    "discuss:pg:ae hold:p:t lose:pg:ta break:p:t cause:ea:ae affect:aet:pgael clean:p:tl carry:pn:t "
    "record:pg:e "
    "present:pg:at light:p:t solve:p:a support:pgae:pga start:pga:e paint:p:tl cross:pn:l reach:pgn:l "
    "own:p:tl",
    "particle": "pick:p:t:up turn:p:t:off put:p:t:down carry:pg:ae:out set:pg:ae:up call:pg:ea:off "
    "bring:p:ta:back "
    "write:p:a:down clean:p:l:up",
    "phrasal": "give:pg::up wake:pn::up come:pgn::back show:pg::up break:t*::down go:pn::away stand:p::up",
    "prepositional": "look:pn:pntl:at wait:pgn:pte:for listen:pn:p:to talk:pg:aeg:about "
    "depend:pgae:pgae:on deal:pg:a:with "
    "think:p:ptea:about work:pg:a:on belong:t*:pg:to pay:pg:te:for laugh:p:pa:at lead:ea:ae:to care:p:pn:for "
    "ask:p:ta:for agree:pg:pg:with",
    "ditransitive": "give:pg:t show:p:t send:pg:t tell:p:a offer:pg:ta bring:p:t teach:p:a promise:pg:t",
    "that": "say:pg think:p know:p believe:pg hope:pg feel:p claim:pg report:pg explain:p admit:pg "
    "show:ae suggest:pgae "
    "hear:p fear:p mean:ae deny:pg",
    "whether": "know:p ask:pg wonder:p decide:pg see:p check:p",
    "infinitive": "want:pgn try:pgn need:pg plan:pg decide:pg hope:pg begin:pgne continue:pgae learn:pn "
    "refuse:pg "
    "agree:pg seem:pgtae* fail:pgae promise:pg",
    "gerund": "start:pgn keep:pgn stop:pgn enjoy:p like:p finish:p avoid:pg consider:pg",
    "control": "ask:pg:pg want:pg:pg help:pga:pg allow:pgl:pg tell:p:pg expect:pg:pg force:ae:pg "
    "teach:p:pn invite:pg:p",
    "linking": "seem:pngtlae* become:pngtlae* look:pngtl* feel:p* remain:pngtla* stay:pnl* sound:ae*",
    "motion": "go:pgn come:pgn run:pn walk:pn drive:p return:pg move:pgn travel:pg fly:pn",
}

TOPIC_VERBS = {
    "sport": {
        "intransitive": "win:pg lose:pg play:pg score:p train:pg swim:pn race:pn",
        "transitive": "win:pg:e play:p:e beat:pg:pg train:p:pgn kick:pn:t throw:p:t lead:pg:ge race:p:pn "
        "catch:pn:t "
        "coach:p:pg score:p:a",
        "prepositional": "play:p:pg:against train:p:e:for",
        "motion": "race:pn ride:p",
    },
    "business": {
        "intransitive": "trade:pg fail:pga* grow:ag* pay:pga",
        "transitive": "sell:pg:tl buy:pg:tlg pay:pg:pat sign:p:t hire:pg:p trade:pg:t cut:pg:a "
        "manage:pg:gla share:pg:at "
        "bank:p:t raise:pgae:a",
        "prepositional": "invest:pg:ag:in trade:pg:g:with",
        "ditransitive": "sell:pg:t lend:pg:t",
    },
    "health": {
        "intransitive": "recover:p* cough:p heal:pa* breathe:pn",
        "transitive": "treat:pg:pna cure:pgat:pna test:pg:pta examine:p:pnt reduce:eat:a heal:pta:pna inject:p:t",
        "prepositional": "suffer:pn:ae:from recover:p:ae:from",
    },
    "nature": {
        "intransitive": "grow:tn* bloom:t* burn:tl* hunt:pn sing:pn hide:pn",
        "transitive": "plant:p:t water:p:tl hunt:pn:n climb:pn:lt feed:p:nt burn:pe:tl cover:te:lt fish:p:l",
        "prepositional": "hide:pn:pne:from live:pn:l:in",
        "motion": "climb:pn swim:pn",
    },
}

DOUBLING = "stop plan run win swim cut set put begin admit"

# base/past/participle
IRREGULAR = (
    "see/saw/seen take/took/taken find/found/found make/made/made know/knew/known meet/met/met "
    "read/read/read write/wrote/written hold/held/held lose/lost/lost break/broke/broken "
    "give/gave/given show/showed/shown send/sent/sent tell/told/told bring/brought/brought "
    "teach/taught/taught say/said/said think/thought/thought feel/felt/felt hear/heard/heard "
    "mean/meant/meant keep/kept/kept begin/began/begun become/became/become go/went/gone "
    "come/came/come run/ran/run drive/drove/driven fly/flew/flown sleep/slept/slept leave/left/left "
    "fall/fell/fallen rise/rose/risen put/put/put set/set/set wake/woke/woken stand/stood/stood "
    "deal/dealt/dealt pay/paid/paid lead/led/led win/won/won swim/swam/swum beat/beat/beaten "
    "throw/threw/thrown catch/caught/caught ride/rode/ridden sell/sold/sold buy/bought/bought "
    "cut/cut/cut lend/lent/lent grow/grew/grown sing/sang/sung hide/hid/hidden feed/fed/fed "
    "light/lit/lit have/had/had do/did/done"
)

ADJECTIVES = {
    "p": "young old good happy tall busy kind angry famous quiet clever tired strong poor rich honest nervous",
    "n": "small black young big wild hungry old fast quiet sick",
    "g": "large small local young strong new rich famous successful",
    "t": "new old big small heavy red cheap light broken clean blue expensive open empty wooden beautiful warm dirty",
    "l": "big old small quiet beautiful empty crowded clean open famous dark busy",
    "a": "new good big small clear simple important serious strange bad open hard final useful",
    "e": "long short good big important early late public quiet difficult",
}

# Before a noun, adjectives stand in this order; one of each class.
ADJECTIVE_ORDER = (
    "good bad beautiful important useful strange difficult famous clever kind honest",
    "big small large tall long short heavy high low",
    "young old new early late",
    "black red blue white dark light",
)

# First parts of compounds.
COMPOUNDS = "city school family paper street home"
TOPIC_COMPOUNDS = {
    "sport": "team game training club record",
    "business": "tax bank market price company",
    "health": "hospital drug blood health sleep",
    "nature": "river forest garden farm weather",
}

# Verbs that are not used in commands or for what is going on.
STATIVE = (
    "know need want like love own seem belong depend matter mean believe remember wonder hope think "
    "hear fear see become sound suffer happen disappear lose cause affect fail feel grow fall recover "
)

TOPIC_ADJECTIVES = {
    "sport": "fast final national athletic fair",
    "business": "financial annual high low private",
    "health": "medical severe healthy clinical deep",
    "nature": "dry wild cold natural wet",
}

PREDICATES = {
    "p": "happy tired ready late busy angry sure right kind well afraid proud hungry sick famous able",
    "n": "hungry quiet afraid fast wild sick tired",
    "g": "ready strong late large famous right successful",
    "t": "new ready open cheap broken heavy clean light late expensive full",
    "l": "open quiet empty crowded full clean dark",
    "a": "clear important hard wrong right simple strange possible useful high",
    "e": "long late important hard difficult early short public",
}

# Adjectives with a complement: preposition, or an infinitive.
ADJECTIVES_WITH = "afraid:of proud:of sure:of happy:with angry:with ready:for famous:for late:for kind:to"
ADJECTIVES_TO = "ready able happy sure afraid free"

COMPARED = {
    "young": ("younger", "youngest"), "old": ("older", "oldest"), "tall": ("taller", "tallest"),
    "small": ("smaller", "smallest"), "big": ("bigger", "biggest"), "large": ("larger", "largest"),
    "strong": ("stronger", "strongest"), "new": ("newer", "newest"), "long": ("longer", "longest"),
    "short": ("shorter", "shortest"), "fast": ("faster", "fastest"), "hard": ("harder", "hardest"),
    "cheap": ("cheaper", "cheapest"), "heavy": ("heavier", "heaviest"), "rich": ("richer", "richest"),
    "busy": ("busier", "busiest"), "quiet": ("quieter", "quietest"), "high": ("higher", "highest"),
    "good": ("better", "best"), "bad": ("worse", "worst"), "light": ("lighter", "lightest"),
    "dark": ("darker", "darkest"),
    "simple": ("simpler", "simplest"), "late": ("later", "latest"), "early": ("earlier", "earliest"),
    "clean": ("cleaner", "cleanest"), "clear": ("clearer", "clearest"), "happy": ("happier", "happiest"),
}  # fmt: skip

ADVERBS = {
    "manner": "quickly slowly well carefully hard quietly together fast easily badly suddenly",
    "place": "here there outside home away upstairs",
    "time": "now again then soon later early late today once",
    "middle": "also never often always really just still already probably usually finally even",
    "front": "then finally now perhaps suddenly sometimes later",
    "degree": "very so too really quite rather",
    "intensifier": "very really rather",
    "about": "about only almost nearly",
}

INTERJECTIONS = "yes no well oh thanks please hello okay hey sorry right wow"
NUMERALS = "two three five ten four six 20 12 100 seven 30 eight 15 nine 50 200"
YEARS = "2019 2012 1998 2005 2016 1987 2021"
WEEKDAYS = "Monday Friday Sunday Saturday Tuesday Thursday Wednesday"
MONTHS = "May June March January August October April"

GIVEN_NAMES = (
    "Anna/f John/m Mary/f Peter/m Laura/f David/m Sarah/f Tom/m Florence/f Paul/m Emma/f Jack/m "
    "Lucy/f George/m Alice/f Mark/m Julia/f Sam/m Rose/f Jordan/m Clara/f Henry/m Nora/f"
)
FAMILY_NAMES = "Smith Marsh Brown Baker Miller Lincoln Hill Carter Young Stone Fisher King Jackson Wood Walker"
CITIES = (
    "London Paris Lincoln Berlin Florence Chicago Madrid Jordan Chelsea Oslo Boston Jackson Kenya India Japan Dover"
)
ORGANISATIONS = {
    "sport": "Chelsea Dover_United Lincoln_City Harbor_Rovers Hill_Athletic Boston_Runners",
    "business": "Norvex Marsh_Bank Baker_Motors Lincoln_Trust Hill_Partners Stone_Brothers",
    "health": "Medira Carter_Clinic Boston_General Wood_Institute Miller_Pharma",
    "nature": "Terrafund Green_Valley River_Watch Fisher_Foundation Wood_Society",
}

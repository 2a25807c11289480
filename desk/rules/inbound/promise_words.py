"""What means a promise only together with a day that is to come: a payment that is planned, who gets what and when.

Wider than `words.WILL_PAY`, so what merely looks alike is kept out by `LOOKS_ALIKE`. French, English and German, as there.
"""

from desk.rules.inbound.words import any_of

_MONEY_FR = r"(?:virement|r[èe]glement|paiement|ch[èe]que|versement|acompte|solde|argent|fonds|mise en paiement|prélèvement|mensualité|traite|lcr)s?"
_MONEY_EN = (
    r"(?:payments?|transfers?|wires?|remittances?|cheques?|funds|money|settlement|instal?ments?|deposit|bacs|sepa|ach|balance|disbursement|"
    r"bank file|(?:the|a) check|(?:pay(?:ment)?|cheque|check|bacs) run|amount|invoices?|account|arrears|debt|bill)"
)
_MONEY_DE = (
    r"(?:zahlung(?:en)?|überweisung(?:en)?|(?:über|zwischen|teil|abschlags|schluss|an|rest)zahlung|zahl(?:ungs)?lauf|zahlungseingang|geld|scheck|rate|"
    r"betrag|restbetrag|summe|ausgleich|begleichung|saldo|rechnung(?:en)?|posten|konto|forderung|lastschrift|rest|hälfte|teil|anzahlung|wertstellung)"
)
_SHARE_FR = (
    r"(?:la moitié|le solde|le reste|le restant|un tiers|une partie|la totalité|l'intégralité|le complément|tout)"
)
_PLANNED_FR = (
    r"(?:prévue?s?|programmée?s?|planifiée?s?|fixée?s?|calée?s?|ordonnancée?s?|inscrite?s?|positionnée?s?|saisie?s?|enregistrée?s?|validée?s? pour|"
    r"reportée?s? au|décalée?s? au|repoussée?s? au|lancée?s?|incluse?s?|budgétée?s?|arrêtée?s? au)"
)
_PLANNED_EN = (
    r"(?:scheduled|planned|programmed|booked|lined up|queued|earmarked|slated|set (?:up )?for|due to (?:go|leave|be)|set to (?:go|leave|be)|"
    r"on track|diarised|pencilled in|approved for|released for|cleared for|signed off for|authori[sz]ed for|loaded|postponed to|moved to|"
    r"(?:pushed|put) back to|delayed (?:to|until)|included|arranged)"
)
_PLANNED_DE = (
    r"(?:geplant|eingeplant|vorgesehen|vorgemerkt|eingestellt|terminiert|hinterlegt|eingegeben|erfasst|angesetzt|verfügt|angewiesen (?:zum|auf|für)|"
    r"freigegeben (?:zum|für)|verschoben auf|eingereicht|beauftragt|dabei|enthalten|berücksichtigt)"
)

PLANS = any_of(
    r"\b(?:nous|je|on)\b.{0,40}\b(?:prévo\w+|engag\w+|compt\w+|pens\w+|allons|vais|va)\b.{0,30}\b(?:apurer|solder|payer|régler|regler|acquitter|honorer|virer|verser|régulariser|soyez (?:payée?s?|réglée?s?))\b",
    r"\bn[ée]cessaire (?:sera|va être) fait\b", r"\b(?:décaissement|débit de notre compte|exécution|date d'exécution|valeur)\b.{0,12}\b(?:le|au|du|:|prévue?)",
    r"\byou(?:'re| are)? (?:getting|being|going to be|due to be) (?:paid|credited|settled)\b", r"\b(?:cash|money|funds|payment|it|this)\b.{0,20}\b(?:will|'ll|should|is going to) (?:land|hit|reach|arrive|clear|drop|be (?:there|with you))\b",
    r"\b(?:it|this|that|payment|everything|invoice) goes\b(?! (?:well|to show|without|back|wrong|missing))", r"\bsplit(?:ting)? (?:it|this|the (?:payment|balance|amount|invoice))\b.{0,30}\d", r"\b(?:intend|plan|commit\w*|promise|undertake|pledge|agreed?|propose) to (?:make good|pay|settle|clear|bring|square|wipe|reduce)\b",
    r"\b(?:geldeingang|ausführung|ausführungsdatum|wertstellung|valuta|zahlungseingang|gutschrift auf ihrem konto|buchungstag)\b.{0,15}\b(?:am|zum|bis|\d|montag|dienstag|mittwoch|donnerstag|freitag|morgen)", r"\b(?:verpflichte\w*|sichern?|versprech\w*|sage\w*|planen|beabsichtig\w*|haben vor)\b.{0,60}\b(?:zu (?:zahlen|bezahlen|überweisen|begleichen)|auszugleichen|zu tilgen|zahlung)\b",
    r"\bmit\b.{0,30}\b(?:geld|zahlung|zahlungseingang|überweisung|betrag)\b.{0,30}\brechnen\b", r"\b(?:wir|ich)\b.{0,15}\b(?:überweisungen|zahlungen|zahlungslauf|zahllauf)\b|\b(?:mache|machen) (?:ich|wir)\b.{0,20}\b(?:überweisung|zahlung)",
    r"\b(?:on|in) (?:my|the|our|your) (?:list|run|batch|file|schedule) for\b",
    # French: "virement prévu", "date de paiement : ...", "mise en paiement au 16/03", "règlement le 15 mars"
    rf"\b{_MONEY_FR}\b.{{0,50}}\b{_PLANNED_FR}\b",
    rf"\b{_PLANNED_FR}\b.{{0,15}}\b(?:au|en|pour|le) (?:prochain )?{_MONEY_FR}\b",
    r"\b(?:date|jour) (?:de|du|prévue pour le) (?:règlement|reglement|paiement|virement|versement)\b",
    r"\b(?:mise?s?|passée?s?|bon(?:ne)?s?) (?:en|à|au) (?:paiement|règlement|virement|payer)\b",
    rf"(?:^|[,;:(–-] )(?:(?:le|un|deux|trois|votre|notre|premier|second|1er|2e|2ème) )?(?:solde par |solde en )?{_MONEY_FR}\b.{{0,45}}?\b(?:le|au|pour le|pour|d'ici|avant le|avant|sous|lundi|mardi|mercredi|"
    r"jeudi|vendredi|demain|fin|mi|début|courant|semaine)\b",
    rf"\b{_MONEY_FR}\b.{{0,40}}\b(?:part|partent|partira|arrive|arrivent|arrivera|parvient|parviendra|parviendront|tombe|tombera|suivra|suit|sort|sortira|se fera|se feront|"
    r"aura lieu|sera|seront|est pour|sont pour|vous parvien\w+|vous arrive\w*)\b",
    r"\b(?:nous|on|je|j'|vous (?:serez|allez être)|sera|seront|serez|serons)\b.{0,25}\b(?:régularis|acquitt|sold|crédit|rembours|mandat)(?:ons|e|er|erons|erai|era|ez|é|ée|és|ées)\b",
    r"\b(?:régularisée?s?|soldée?s?|apurée?s?|honorée?s?|acquittée?s?) (?:le|au|avant|d'ici|sous|fin|en|la semaine|pour|au plus tard)\b",
    r"\b(?:nous|on|je) (?:(?:vous|le|la|les|en|y) )*(?:mets|met|mettons|mettrons|passe|passons|passerons|lance|lançons|lancerons|procède|procédons|prévois|prévoit|prévoyons|programme|"
    rf"programmons|planifions|valide|validons|effectue|effectuons|émets|émettons|transmettons|dépose|déposons|débloque|débloquons|débloquerons)\b.{{0,40}}\b{_MONEY_FR}\b",
    r"\b(?:nous|on|je) (?:(?:vous|le|la|les) )*(?:règle|règlons|réglons|reglons|regle|paie|paye|payons|verse|versons|vire|virons|solde|soldons|honore|honorons|honorerons|apurons|apurerons|acquitte|acquittons|"
    r"mandatons|régularise|régularisons|régulariserons|régulariserai)\b",
    r"\b(?:ça|ca|cela|elle|il|tout|elles|ils)(?: vous)? (?:part|partent|partira|partiront|sera payée?|sera réglée?|seront payée?s|seront réglée?s|sera viré|sera soldé|sera fait|est calée?|est programmée?|passe|passera)\b",
    rf"\bvous (?:aurez|avez|recevez|recevrez|toucherez|serez)\b.{{0,25}}\b(?:votre|vos|le|la|les|un|{_SHARE_FR}|crédités?|servis?|payée?s?|réglée?s?)\b",
    rf"\b{_SHARE_FR}\b.{{0,30}}\b(?:suit|suivra|sera|est prévu|au|le|fin|en|avant|d'ici)\b",
    r"\b(?:échéancier|échelonnement|plan de (?:règlement|paiement))\b.{0,30}\d",
    r"\b(?:campagne|lot|train|vague|bordereau|traitement|session|tournée) (?:de |des )(?:paiements?|règlements?|virements?|fournisseurs)\b",
    r"\bsur votre compte\b",
    r"\bferai? le nécessaire\b|\bferons le nécessaire\b|\bfaisons le nécessaire\b|\bfait le nécessaire pour\b",
    r"\b(?:pouvez|vous pouvez) (?:nous )?(?:prélever|présenter|encaisser|remettre)\b",
    r"\b(?:paie|paye|paient|payent|paiera|payera|paieront|règle|règlent|règlera|réglera|régleront|règleront|vire|virera|verse|versera|verseront|solde|soldera)\b(?! (?:débiteur|créditeur|dû|de tout))",
    r"\b(?:sera|seront|serez) (?:bien |tous |toutes |intégralement |partiellement )*(?:payée?s?|réglée?s?|virée?s?|versée?s?|adressée?s?|soldée?s?|remise?s?|honorée?s?|postée?s?|envoyée?s?|crédité?e?s?|apurée?s?)\b",
    rf"\b(?:passe|passera|passeront|passent|figure|figurent|figurera)\b.{{0,20}}\b(?:au|dans le|en|dans la|sur le|à la) (?:prochaine? )?(?:{_MONEY_FR}|campagne|lot|échéancier|banque)\b",
    r"\bvous (?:devriez|allez|pouvez)\b.{0,20}\b(?:voir|recevoir|avoir|toucher|compter sur|être (?:payés?|crédités?|réglés?))\b",
    r"(?:^|[,;:] )(?:c'est |ce sera |tout est |déjà |bien |oui |ok )*(?:prévue?|programmée?|calée?|planifiée?|validée?|fait|payée?|réglée?|réglé|bon)s? (?:pour|au|le|d'ici|avant)\b",
    r"\b(?:lancé|lançons|fait|faisons|demandé|validé|signé|préparé|transmis)\b.{0,20}\b(?:le |l'ordre de |la demande de |un )(?:virement|règlement|paiement)\b",
    r"\d ?(?:€|eur|euros?|\$|£|usd|gbp|chf),? (?:le|au|on|by|am|zum|bis|ce|this|next|d'ici|avant le|before)\b",
    r"\b(?:prélèvement|prélever)\b.{0,30}\b(?:le|au)\b",
    # English
    r"(?:^|[,;:-] )(?:i'm |we're |am |are |will be )*(?:wiring|paying|sending|transferring|settling|posting|releasing|clearing|remitting|processing|doing)\b.{0,15}\b(?:it|this|that|payment|half|everything)\b",
    r"(?:^|[,;:-] )(?:it's |it is |this is |is |all |now |already |been |has been |have |you're |you are )*(?:scheduled|set up|set|booked|planned|lined up|approved|queued|released|down|in|due out|going out|on) (?:for|on|in)\b(?! leave)",
    r"\b(?:bring|get|put)\b.{0,30}\b(?:up to date|current|back in order|in order|straight)\b|\bcatch(?:ing)? up\b",
    r"\b(?:get|have|ask(?:ed)?|told|got)\b.{0,25}\b(?:to |has |will )?(?:pay|release|send|settle|wire|process)\b.{0,15}\b(?:it|this|that|you|the|everything|on|by)\b",
    r"\b(?:it|this|that|they|everything|both|all)(?:'s| is| are|'re)? (?:being |getting )(?:paid|settled|sent|released|wired|processed|cleared)\b",
    rf"\b{_MONEY_EN}\b.{{0,45}}\b{_PLANNED_EN}",
    rf"\b{_PLANNED_EN}\b.{{0,25}}\b(?:for|in|on|to|with) .{{0,25}}\b{_MONEY_EN}\b",
    rf"\b{_MONEY_EN}\b.{{0,45}}\b(?:goes|go|going|leaves?|leaving|lands?|hits?|reach(?:es)?|arrives?|gets?|comes?|is|are|to|follows?|should|will|'ll)\b.{{0,25}}\b(?:out|off|through|"
    r"over|in the post|in your|with you|your account|your bank|your end|paid|cleared|settled|sent|made|released|there|to you|hit|land|arrive|reach|follow|run|batch|post)\b",
    r"\b(?:this|that|it|they|these|those|all|everything|half|the (?:rest|remainder|balance|lot|full amount|other half))\b.{0,30}\b(?:will|'ll|to|should|is|are|gets?|being) (?:be |get |also |all |both )*"
    r"(?:paid|settled|cleared|sorted|released|remitted|transferred|processed|wired|going out|go out|going off|squared)\b",
    r"\b(?:(?:pay(?:ment)?|cheque|check|bacs|ap|supplier|next|weekly|monthly|friday|vendor)s?'?s?) (?:payment |pay )?(?:run|batch|cycle|list|file|proposal)\b",
    r"\b(?:value date|payment date|date of payment|pay date)\b",
    r"\b(?:expect|anticipate|count on|look out for|look for)\b.{0,30}\b(?:settlement|payments?|funds|money|transfer|remittance|cheque|it)\b",
    rf"\b(?:we|i)(?:'re| are|'m| am|'ve| have)?\b.{{0,25}}\b(?:scheduled|planned|set up|set|booked|put|pushed|queued|arranged|diarised|lined up|instructed|authori[sz]ed|approved|loaded)\b.{{0,30}}"
    rf"\b(?:it|this|that|them|these|{_MONEY_EN})\b",
    r"\b(?:happy|able|ready|willing|glad|aim|aiming|hoping|expecting|looking|arranging|arranged|due|set) to (?:be )?(?:pay|settle|clear|transfer|remit|wire|send|have (?:this|it|that)|mak)\w*",
    r"\b(?:we|i) (?:can|shall|do|always|normally|usually)?\s?(?:pay|settle|transfer|remit|wire|clear|do \d+|send)\b",
    r"\b(?:we|i)(?:'ll| will| shall| are going to|'re going to)\b.{0,40}\b(?:sort|square|do|put|get|send|make|have|arrange|process|run|push|drop|post|bank)\b.{0,40}"
    r"\b(?:this|it|that|paid|payment|funds|money|balance|cheque|cash|account|invoices?|transfer|instal?ment)\b",
    r"\byou(?:'ll| will| should| can|'re| are)\b.{0,20}\b(?:have|see|get|receive|be paid|be credited|expect|in)\b.{0,30}\b(?:money|funds|payment|it|this|paid|credited|cash|balance|run|batch|settlement|amount|rest|half|transfer|cheque)\b",
    r"\b(?:in|hit|hits|reach|reaches|land in|with) (?:your|ur) (?:bank |company )?(?:account|bank|hands)\b",
    r"\b(?:direct debit|debit (?:us|our account)|collect) (?:it |this |the money |the amount |payment )?(?:on|from)\b",
    rf"(?:^|[,;:(–-] )(?:the |a |your |our |first |second |full |part |partial |final )*(?:{_MONEY_EN})\b.{{0,35}}?\b(?:on|by|this|next|for|tomorrow|today|end of|before|within|no later than)\b",
    rf"\b{_MONEY_EN}\b.{{0,20}}\b(?:in|with) (?:tomorrow|today|monday|tuesday|wednesday|thursday|friday)'?s? (?:post|mail|run|batch)\b",
    # German
    r"\b(?:mit|auf)\b.{0,60}\b(?:rechnen|zählen|verlassen)\b.{0,10}$",
    r"(?:^|[,;:] )(?:es |das |sie |ist |sind |bereits |schon )*(?:eingeplant|geplant|vorgemerkt|terminiert|veranlasst|angewiesen|vorgesehen|freigegeben) (?:für|zum|am|auf|bis)\b",
    r"\bgeh(?:t|en)\b.{0,40}\b(?:zur bank|raus|hinaus|ab|in die (?:zahlung|überweisung)|weg|an sie|mit)\b",
    r"\b(?:läuft|laufen|kommt|kommen)\b.{0,40}\b(?:mit|dran|zur zahlung|zur auszahlung|in den)\b|\bzur (?:zahlung|auszahlung|überweisung) (?:freigegeben|angewiesen|vorgesehen|vorgemerkt|fällig gestellt)?",
    r"\b(?:wird|werden)\b.{0,30}\b(?:gezahlt|bezahlt|überwiesen)\b|\b(?:zahlt|überweist|begleicht|erledigt|bezahlt|veranlasst)\b.{0,50}\b(?:am|bis|morgen|heute|diese|nächste|zum|noch)\b",
    rf"\b{_MONEY_DE}\b.{{0,50}}\b{_PLANNED_DE}\b",
    rf"\b{_MONEY_DE}\b.{{0,60}}\b(?:raus|hinaus|geht|gehen|kommt|kommen|folgt|folgen|wird|werden|trifft|läuft|startet|steht|erfolgen|eingehen)\b",
    rf"\b(?:geht|gehen|kommt|kommen|folgt|wird|werden|trifft|trifft)\b.{{0,50}}\b{_MONEY_DE}\b.{{0,30}}\b(?:raus|an|ein|hinaus|überwiesen|bezahlt|beglichen|ausgeglichen|angewiesen|eingehen)\b",
    rf"\b{_MONEY_DE}\b.{{0,40}}\b(?:ist|sind|haben sie|liegt|dürfte)\b.{{0,40}}\b(?:bei ihnen|auf ihrem konto|gutgeschrieben|da|eingehen|dran|drin)\b",
    r"\b(?:bekommen|erhalten|kriegen|haben) sie\b|\bsie (?:bekommen|erhalten|kriegen|haben)\b.{0,40}\b(?:geld|zahlung|betrag|überweisung|hälfte|rest|rate|summe|gutgeschrieben)\b",
    r"\b(?:zahl(?:e|en|t)|bezahl(?:e|en|t)|überweise?n?|begleiche?n?|regulieren?|reguliere|entrichten?|tilgen?|erledigen?|leisten?|buchen?|gleichen?|weisen?|veranlassen?|stoßen?|transferieren?) (?:wir|ich)\b",
    r"\b(?:wir|ich) (?:zahlen?|bezahlen?|überweisen?|begleichen?|regulieren?|tilgen?|gleichen?\b.{0,60}\baus\b|weisen?\b.{0,60}\ban\b|stoßen?\b.{0,60}\ban\b|leisten?\b.{0,60}\bzahlung|veranlassen?\b|"
    r"nehmen?\b.{0,60}\bzahl(?:ungs)?lauf|machen?\b.{0,60}\b(?:fertig|zahlung|überweisung)|schicken?\b.{0,40}\b(?:geld|scheck|betrag|zahlung)|haben\b.{0,60}\b(?:eingestellt|eingeplant|vorgemerkt|"
    r"terminiert|eingeplant|hinterlegt|angewiesen (?:zum|für)|vorgesehen|freigegeben (?:zum|für)))",
    r"\bw(?:ird|erden|erde)\b.{0,90}\b(?:bezahlt|gezahlt|überwiesen|beglichen|angewiesen|ausgeglichen|ausgezahlt|reguliert|getilgt|erledigt|veranlasst|gutgeschrieben|zahlen|bezahlen|überweisen|begleichen|"
    r"ausgleichen|anweisen|regulieren|erfolgen|eingehen|entrichten|tilgen|leisten)\b",
    r"\b(?:ist|sind)\b.{0,40}\b(?:beglichen|bezahlt|überwiesen|ausgeglichen|erledigt|angewiesen (?:zum|für|auf)|reguliert|auf ihrem konto|bei ihnen)\b",
    r"\b(?:zahl(?:ungs)?lauf|zahltag|zahlungstermin|valuta|wertstellung|ratenzahlung|rate \d|\d\. ?rate)\b",
    rf"(?:^|[,;:(–-] )(?:die |der |das |eine |ihre |unsere )?(?:{_MONEY_DE})\b.{{0,35}}?\b(?:am|zum|bis|ende|mitte|anfang|morgen|diese|nächste|noch|spätestens|heute|kw)\b",
)  # fmt: skip

# Days beside such words promise nothing: when it falls due, what is asked of us or by us, perhaps, closed, goods.
LOOKS_ALIKE = any_of(
    r"\b(?:échéance (?:est|au|du|le|contractuelle)|à échéance|échue?s?|exigible|à échoir)\b", r"\b(?:falls? due|is due|are due|due date|not (?:yet )?due|due on|becomes? due|maturity|overdue since)\b", r"\bfällig", r"\b(?:payment|standard|our|your) terms\b", r"\bconditions de (?:règlement|paiement)\b",
    r"\b(?:maybe|perhaps|possibly|might|hopefully|not sure|don't know|can't promise|no promise|no guarantee|would|could|in theory|try to)\b", r"\b(?:peut-être|peut être|sans doute|éventuellement|rien (?:vous )?garantir|sans garantie|envisageable|devrait pouvoir|en principe peut|j'espère|nous espérons|on espère|essa\w+ de)\b", r"\b(?:vielleicht|eventuell|vermutlich|angeblich|womöglich|hoffentlich|hoffe[n]?|versuche[n]?|wahrscheinlich|ohne gewähr|versprechen kann ich nichts|nicht versprechen)\b",
    r"\b(?:please|kindly) (?:pay|settle|transfer|remit|send|confirm|advise|provide|resend|let|call|note|return|credit|process)\b", r"\bmerci de (?:nous |me |bien vouloir )*(?:payer|régler|virer|verser|envoyer|transmettre|renvoyer|confirmer|indiquer|noter|préciser|faire|retourner|procéder|rembourser|créditer)\b", r"\b(?:veuillez|pouvez-vous|pourriez-vous)\b", r"\bbitte (?:zahlen|überweisen|begleichen|senden|schicken|teilen|geben|bestätigen|überprüfen|nennen|lassen|buchen|erstatten|gutschreiben)\b", r"\bbitten (?:wir|sie|um)\b",
    r"\b(?:closed|closes|closing|holiday|on leave|out of (?:the )?office|annual leave|vacation|away|off sick until|back on|returns on|meeting|discuss|speak|call you|ring you|revert|come back|get back|let you know|update you|review|decide|look into)\b", r"\b(?:fermée?s?|en congés?|en vacances|absente?s?|en arrêt|de retour|rentre|rentrera|réunion|reviens|revenons|reviendra|reviendrons|rappelle|rappellerai|tiens au courant|tiendrai|tenons informé|en parle|décider|vérifi\w+|regarde)\b", r"\b(?:geschlossen|urlaub|abwesend|krank|zurück am|wieder da|besetzt|besprech\w*|meld\w*|rufe|gebe\w* bescheid|klär\w*|prüf\w*|entscheid\w*|informier\w*)\b",
    r"\b(?:deliver(?:y|ed|ing|ies)|shipment|shipped|dispatch\w*|goods|order(?:ed)?|technician|replacement|visit|statement|credit notes?|refund\w*|audit|quote|training|installation)\b", r"\b(?:livr\w+|expédi\w+|marchandises?|commandée?s?|commandons|commande|technicien|intervention|avoir (?:de|du|sur|pour|sera|reçu)|relevé|remplacement|devis|chantier démarre|formation|audit|remboursement)\b", r"\b(?:liefer\w*|geliefert|versand\w*|versendet|ware|bestell\w*|gutschrift\w*|ersatz\w*|monteur\w*|techniker\w*|angebot|erstatt\w*|kontoauszug|schulung)\b",
    r"\b(?:your|the) (?:invoice|reminder|letter|mail|email|message|statement) (?:of|dated|from)\b(?!.{0,60}\b(?:will|is scheduled|is planned|gets|is in)\b)", r"\b(?:cancel\w*|annul\w*|storn\w*)\b",
    r"\b(?:mon|ma|leur|son|nos|un|du) clients?\b", r"\b(?:my|their|a|the|end) (?:client|customer)s?\b", r"\b(?:mein|ein|der|vom) (?:end)?kunden?\b", r"\b(?:insurer|insurance|leasing company|liquidator|administrator|factor)\b", r"\b(?:assurance|assureur|mandataire|liquidateur|affactureur)\b", r"\b(?:versicherung|versicherer|insolvenzverwalter)\b",
    r"\b(?:received|reçu|reçue|eingegangen|erhalten) (?:your|votre|vos|ihre)\b", r"\bbien reçu votre\b", r"\b(?:vous (?:nous )?(?:aviez|avez|deviez|devez|aviez-vous)|you (?:had|were|owe|said|told|have (?:not|to|promised|agreed|sent))|sie (?:wollten|hatten|schulden|sollten))\b", r"\bvotre collègue\b", r"\byour colleague\b",
    r"\b(?:besoin|need|brauch\w*|benötig\w*|missing|manque|require)\b", r"\b(?:proposons|propose de|propos(?:e|ons) que|demandons|je demande|demande (?:de|un)|sollicit\w+|request\w*|asking|ask for|wish|wünsch\w*|ersuch\w*|möchte\w*|wäre\w*|stund\w*|würd\w*)\b", r"\b(?:délai|extension|aufschub|fristverlängerung)\b", r"\bseit\b|\bdepuis\b|\bsince\b",
    r"\b(?:iban|rib|bic|swift code|price|prix|preis|tarif)s?\b", r"\b(?:not before|pas avant|nicht vor|frühestens|au plus tôt|at the earliest)\b", r"\b(?:nothing|none|nichts|rien|niemand|personne|nobody)\b",
    r"\b\d+ ?(?:jours|j|days|tagen?)(?: net| netto)? (?:fin|end|date|net|ab|from|après|after|nach)\b",
    r"\b(?:every|each|always|usually|tous les|toutes les|chaque|toujours|jede[nrs]?|grundsätzlich|immer|normalement|habituellement)\b",
    r"\b(?:staff|salar(?:y|ies)|wages|payroll|rent|landlord|tax(?:es)?|salaires?|loyers?|impôts?|urssaf|cotisations|paies|gehalt|gehälter|löhne?|miete|steuern?|finanzamt|wants?|verlangt|réclame)\b",
    r"\b(?:begin\w*|starts?|commence\w*|débute\w*|beginn\w*|startet|anfäng\w*|fängt)\b",
    r"\b(?:mit|auf|bis zur|wartet|warten|waiting for|pending|awaiting|attend\w*|attente)\b.{0,20}\b(?:freigabe|unterschrift|genehmigung|approval|signature|validation|accord)\b",
    # It is talked about, somebody pays us, what came from them, programs and papers of paying.
    r"\b(?:sujet|abord\w+|fais le point|faire le point|relance|réponse|point sur|avis sur|proposition|formulaire|tribunal|décision|gelée?s?|subvention|état|recevons|recevrons|percev\w+|encaisserons|attendons|parvenue?s?|imput\w+)\b",
    r"\b(?:answer|reply|ask|asking|chase|talk|topic|proposal|suggestion|form|portal|reminders?|signatory|signatories|court|travelling|traveling|competitor|expect (?:money|payment|funds|a payment) from|receive (?:money|payment|funds)|due (?:in )?from|your (?:payment|cheque|transfer) (?:of|from|dated|was|has|will be booked))\b",
    r"\b(?:sprech\w*|reden|thema|antwort|frist|vorschlag|formular|gericht|umstell\w*|zahlungssystem\w*|zahlungsfreigabe|erwarten|erwarte|bekommen wir|erhalten wir|ihre (?:zahlung|überweisung) (?:vom|über|ist)|kredit|vom bauherrn|löhne)\b",
    r"\b(?:dépend\w*|depend\w*|abhängig|hängt)\b", r"\b(?:blocked|on hold|bloqu\w+|gesperrt|suspend\w*)\b",
)  # fmt: skip

"""The words by which replies are understood, in French, English and German. Data, one list for each question.

Texts are lower case with plain apostrophes and blanks before they are compared (desk.rules.inbound.meaning).
"""

import re


def any_of(*patterns: str) -> re.Pattern[str]:
    """One pattern that finds whatever one of them finds."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_PAYMENT_FR = (
    r"(?:règlement|reglement|paiement|virement|chèque|cheque|versement|solde|somme|montant|facture|échéance)s?"
)
_PAYMENT_EN = r"(?:payment|funds|money|transfer|wire|remittance|cheque|check|balance|amount|invoices?|bill)"
_PAYMENT_DE = r"(?:zahlung|überweisung|betrag|rechnung(?:en)?|geld|restbetrag|saldo|summe)"

# The customer will pay: together with a day this is a promise.
WILL_PAY = any_of(
    # we will pay
    r"\b(?:paierons|payerons|règlerons|réglerons|reglerons|virerons|verserons|solderons|effectuerons|procéderons|procederons)\b",
    r"\b(?:paierai|payerai|règlerai|réglerai|virerai|verserai|solderai|effectuerai|procéderai)\b",
    r"\b(?:ferons|ferai|fera|enverrons|enverrai|adresserons|émettrons|lancerons)\b.{0,30}\b(?:chèque|cheque|virement|règlement|reglement|"
    r"paiement|nécessaire pour (?:le|votre) (?:règlement|paiement))\b",
    r"\b(?:allons|vais|va|vont)\b.{0,25}\b(?:payer|régler|regler|virer|verser|solder|procéder au|faire (?:le|un|votre) (?:virement|chèque|"
    r"règlement|paiement)|effectuer)\b",
    r"\b(?:on|nous|je) (?:vous |te |le |la |les )*(?:paie|paye|payons|règle|réglons|regle|vire|virons|verse|versons|solde|soldons)\b",
    r"\b(?:engag\w+)\b.{0,20}\b(?:payer|régler|solder|verser|virer|à un paiement)\b",
    rf"\b{_PAYMENT_FR}\b.{{0,60}}\b(?:sera|seront|va être|vont être|partira|partiront|interviendra|aura lieu|arrivera|est prévue?|sont prévue?s|"
    r"est programmée?|est planifiée?|est fixée?|est prévu)\b(?! (?:à|à son|à leur) échéance\b)(?! (?:livrée?|abordée?|évoquée?|discutée?|étudiée?|vérifiée?|contrôlée?|validée?|"
    r"traitée?|examinée?|transmise?|envoyée? à|refusée?|contestée?|bloquée?|suspendue?)\b)",
    r"\b(?:fais|faisons|fait|envoie|envoyons|poste|postons) (?:vous |partir )*(?:le|un|votre|notre|les|des) (?:chèque|cheque|virement|règlement|reglement|paiement)s?\b",
    r"\b(?:premier|second|deuxième|dernier) (?:versement|règlement|paiement|virement)\b.{0,30}\d",
    r"\b(?:compter sur|attendre) (?:un|le|notre) (?:règlement|paiement|virement|versement)\b",
    r"\b(?:avons|ai) (?:déjà )?(?:programmé|planifié|prévu) (?:le|un|votre|ce) (?:virement|règlement|paiement|versement)\b",
    r"\b(?:ok|accord|bon) pour (?:le |un )?(?:paiement|règlement|virement)\b",
    r"\bwill be in your (?:bank )?account\b",
    r"\bexpect (?:it|them|payment|the payment|the funds|the money)\b",
    r"\bvous (?:serez|allez être) (?:payée?s?|réglée?s?|virée?s?)\b",
    r"\bvous (?:recevrez|aurez|allez recevoir)\b.{0,20}\b(?:règlement|paiement|virement|chèque|fonds)\b",
    r"\b(?:mise?s?|incluse?s?|intégrée?s?|prévue?s?|passée?s?)\b.{0,20}\b(?:campagne|échéance|run|batch|lot|liste) (?:de )?(?:paiement|règlement|"
    r"virement)s?\b",
    # English
    r"\b(?:we|i|they)(?:'ll| will| shall)\b.{0,30}\b(?:pay|settle|transfer|wire|remit|clear|send (?:you )?(?:the|your|a) (?:payment|cheque|"
    r"check|money|funds)|make (?:the|a|your|this) (?:payment|transfer)|process (?:the|your|this) payment|release (?:the|your) payment|issue "
    r"(?:the|a) (?:payment|cheque|check))\b",
    r"\b(?:going|commit\w*|promise|undertake|plan\w*|intend\w*) to (?:be )?(?:pay\w*|settl\w*|clear\w*|transfer\w*|remit\w*|wir\w+|mak\w+ (?:the |a )?"
    r"payment)\b",
    r"\b(?:we|i)(?:'ll| will) be (?:paying|sending|transferring|wiring|settling|remitting|clearing)\b",
    r"\bpayment (?:is )?going out\b",
    rf"\b{_PAYMENT_EN}\b.{{0,20}}\b(?:is|are) (?:on the list for|in|part of|on) .{{0,20}}\b(?:run|batch|list)\b",
    r"\b(?:we are|we're|i am|i'm) (?:paying|settling|transferring|wiring|clearing)\b",
    rf"\b(?:{_PAYMENT_EN}|it|this|they|half of it|the rest)\b.{{0,50}}(?:\bwill|\bshall|'ll) (?:be |all be )?(?:also )?(?:paid|settled|made|sent|processed|"
    r"released|transferred|wired|cleared|executed|issued|remitted|go out|leave|arrive|reach|in your account|on your account|credited to you)\b",
    rf"\b{_PAYMENT_EN}\b.{{0,40}}\b(?:is|are|has been|have been) (?:now )?(?:scheduled|planned|due to go|set up|booked|lined up|included)\b",
    r"\byou (?:will|should|'ll|shall|can expect to)\b.{0,12}\b(?:receive|get|have|see|be paid)\b.{0,25}(?:\b(?:payment|funds|money|transfer|wire|it|paid)\b|"
    r"\bby\b|\bon\b)",
    r"\bexpect\b.{0,20}\b(?:payment|funds|money|transfer)\b.{0,20}\b(?:on|by|next|this)\b",
    # German
    r"\bwerd(?:en|e)\b.{0,80}\b(?:zahlen|bezahlen|überweisen|begleichen|anweisen|ausgleichen|veranlassen)\b",
    rf"\b(?:{_PAYMENT_DE}|sie|diese)\b.{{0,60}}\bwird\b.{{0,60}}\b(?:bezahlt|gezahlt|überwiesen|beglichen|angewiesen|ausgeglichen|veranlasst|ausgeführt|"
    r"erfolgen|freigegeben und)\b",
    r"\b(?:zahlung|überweisung|ausgleich|betrag|geld)\b.{0,40}\b(?:erfolgt|folgt|geht\b.{0,20}\braus|ist\b.{0,30}\b(?:vorgesehen|geplant|eingeplant|terminiert))\b",
    r"\b(?:wir|ich) (?:zahlen|zahle|bezahlen|bezahle|überweisen|überweise|begleichen|begleiche|weisen|weise)\b",
    r"\bsie (?:erhalten|bekommen)\b.{0,20}\b(?:zahlung|überweisung|geld|betrag)\b",
    r"\b(?:im|mit dem|beim) (?:nächsten )?zahllauf\b",
)
# The customer has paid, or says that the money is on its way.
HAS_PAID = any_of(
    r"\b(?:facture|compte|solde|tout)s? (?:est|sont) (?:déjà |bien |désormais )*(?:soldée?s?|réglée?s?|payée?s?)\b",
    r"\b(?:remittance|payment|wire|transfer) (?:sent|made|done)\b",
    r"\b(?:zahlung|überweisung)\b.{0,50}\bverlassen\b",
    r"\b(?:avons|ai|a|ont|a-t-on) (?:déjà |deja |bien |été |d'ores et déjà )*(?:payée?s?|réglée?s?|reglée?s?|virée?s?|versée?s?|soldée?s?|effectuée?s?|émise?|"
    r"procédé|transmis le (?:règlement|virement)|fait (?:le|un|votre) (?:virement|chèque|règlement|paiement))\b(?! (?:une commande|la commande|"
    r"une réclamation|des contrôles|une livraison))",
    r"\b(?:facture|somme|montant|échéance|tout|elle|celle-ci|solde|compte)s?\b.{0,30}\b(?:déjà |bien |été )(?:déjà |bien |été )*(?:payée?s?|réglée?s?|virée?s?|soldée?s?|versée?s?)\b",
    r"\bfactures?\b.{0,15}\b(?:payée?s?|réglée?s?|soldée?s?) (?:le|depuis|en|par|hier|la semaine|courant|il y a)\b",
    r"\b(?:virement|règlement|reglement|paiement|chèque)s?\b.{0,25}\b(?:est|sont|a été|ont été|fut) (?:bien |déjà )*(?:partie?s?|effectuée?s?|faite?s?|émise?s?|envoyée?s?|"
    r"en cours|en route|postée?s?|passée?s?|exécutée?s?|réalisée?s?)\b",
    r"\b(?:c'est|ça a été|ce fut) (?:bien |déjà )*(?:payé|réglé|viré|soldé|fait) (?:depuis|le|par|hier|ce matin|la semaine)\b",
    r"\b(?:avons|ai|a été|ont) débitée?s?\b.{0,30}\b(?:compte|profit)|\bnotre compte (?:a été|est|fut) (?:bien |déjà )*débité\b|\bdébitée?s? de notre compte\b",
    r"\b(?:virement|règlement|paiement) (?:en cours|effectué|fait|émis|parti)\b",
    r"\b(?:preuve|avis|justificatif|copie|bordereau|ordre|confirmation) (?:de|du) (?:votre |notre )?(?:virement|paiement|règlement|chèque)\b",
    # English
    r"\b(?:we|i|they)(?:'ve| have|'d| had)? (?:already |just |now |also )*(?:paid|settled|transferred|wired|remitted|cleared)\b",
    r"\b(?:we|i|they)(?:'ve| have)? (?:already |just )*(?:sent|made|released|processed|issued) (?:the |your |this |a |you (?:the |a )?)?(?:payment|transfer|wire|cheque|check|funds|"
    r"money)\b",
    rf"\b(?:{_PAYMENT_EN}|this|it|these|they)\b.{{0,30}}\b(?:was|were|(?:has|have|had) (?:already |now |just |all )*been|is|are) (?:already |just |now |all |fully )*(?:paid|settled|sent|made|transferred|"
    r"wired|released|processed|cleared|on its way|in progress|being processed|under way)\b(?! for (?:approval|checking|your))",
    r"\b(?:proof of payment|remittance advice|payment (?:confirmation|advice|receipt)|swift (?:copy|confirmation)|transfer receipt)\b",
    r"(?:^|[,;:] )(?:it's |it is |this is |that's |all |now |already |both |fully )*(?:paid|settled|wired|transferred|cleared|remitted)\b.{0,25}\b(?:on|in full|by|last|yesterday|via|already|in (?:january|february))\b",
    r"\b(?:payment|funds|money|amount|it|they|transfer)\b.{0,25}\b(?:left|leaving|debited|cleared|went out|was taken|came out)\b.{0,40}\b(?:our|account|bank|on \d|last|yesterday|already)\b",
    # German
    r"\b(?:zahlung|betrag|geld|überweisung|summe|konto)\b.{0,50}\b(?:abgegangen|abgebucht|belastet|rausgegangen|raus gegangen|eingezogen|erledigt)\b",
    r"\bhab(?:en|e)\b.{0,80}\b(?:bezahlt|gezahlt|überwiesen|beglichen|angewiesen|ausgeglichen)\b",
    rf"\b(?:{_PAYMENT_DE}|sie|diese)\b.{{0,30}}\b(?:wurden?|worden|ist|sind)\b.{{0,50}}\b(?:bezahlt|überwiesen|beglichen|angewiesen|ausgeglichen|gezahlt|veranlasst|raus|"
    r"unterwegs|ausgeführt|erfolgt)\b",
    r"\b(?:bereits|schon) (?:bezahlt|überwiesen|beglichen|gezahlt|erfolgt)\b",
    r"\b(?:zahlungsbeleg|zahlungsnachweis|zahlungsavis|überweisungsbeleg)\b",
)
# What makes a statement one about another case: conditions, wishes, questions.
CONDITION = any_of(
    r"\b(?:si|s'il|s'ils)\b(?! (?:bien|besoin|joint))", r"\bdès (?:que|qu'|réception|la réception|l'accord|validation|votre|le retour|l'avoir)",
    r"\bdes (?:que|réception)\b", r"\blorsqu", r"\bune fois\b", r"\baprès (?:réception|validation|accord|votre|contrôle|vérification)",
    r"\bsous réserve", r"\bà (?:la )?condition", r"\btant qu", r"\bà réception\b", r"\bpourr(?:ions|iez|ait|ais|ons-nous|iez-vous)\b", r"\bserait(?:-il)?\b",
    r"\b(?:souhait|voudri|aimeri)\w+", r"\bpossible (?:de|d')", r"\bquand\b", r"\bavez-vous\b", r"\bauriez\b", r"\bproposons? de\b", r"\bun délai\b",
    r"\bwill then\b", r"\bwerden dann\b", r"\bif\b", r"\bonce\b", r"\bas soon as\b", r"\bwhen (?:we|you|the|i|it|our)\b", r"\bafter (?:receipt|receiving|approval|we|you|the|checking)",
    r"\b(?:up)?on (?:receipt|approval)\b", r"\bunless\b", r"\buntil (?:we|you|the|it|our|i|this)\b", r"\bprovided\b", r"\bsubject to\b", r"\b(?:could|would|might|may) (?:we|you|i|be|it|pay)\b",
    r"\b(?:we|i) (?:could|would|might|may)\b", r"\bcan (?:we|you|i)\b", r"\bshould (?:we|you)\b(?! receive)", r"\bplease (?:tell|let|advise|confirm (?:when|if|whether))\b",
    r"\bsobald\b", r"\bwenn\b", r"\bfalls\b", r"\bnach (?:erhalt|eingang|prüfung|freigabe|rücksprache|lieferung)", r"\bkönnt(?:en|e)\b", r"\bkönnen (?:wir|sie)\b(?!.{0,60}\brechnen\b)", r"\bwürd(?:en|e)\b",
    r"\bsofern\b", r"\bvorbehaltlich\b", r"\bmöchten\b", r"\bbis (?:wir|sie|die|der|das) (?!.{0,15}\d)", r"\bob\b", r"\bzahlungsziel\b",
)  # fmt: skip
NOT = any_of(
    r"\b(?:ne|n')\s?.{0,40}\b(?:pas|plus|jamais|aucune?|rien|point)\b", r"\bpas (?:encore|été|payé|réglé|de|en mesure)\b", r"\bnon (?:payée?s?|réglée?s?)\b", r"\bimpay", r"\bjamais\b",
    r"\baucune?\b", r"\bsans (?:paiement|règlement)\b", r"\bimpossible\b",
    r"\bnot\b(?! (?:later|only))", r"n't\b", r"\bcannot\b", r"\bnever\b", r"\bunable\b", r"\bunpaid\b", r"\bno (?:payment|money|funds|longer)\b", r"\bneither\b",
    r"\bnothing\b", r"\b(?:nichts|niemand)\b", r"\brien ne\b", r"\bnicht\b(?! später)", r"\bkeine?[nmrs]?\b", r"\bnie(?:mals)?\b", r"\bunbezahlt",
)  # fmt: skip
# Somebody else pays, or pays something else than money.
OTHERS = any_of(
    r"\bpay(?:ing)? (?:close |more |particular |special )?attention\b", r"\bpay (?:you |us )?a visit\b", r"\bpay(?:s|ing)? us\b", r"\bpaid us\b", r"\bpaid by our\b",
    r"\byou (?:will|must|should|shall|have to|need to|promised|agreed|said|were going|still have) (?:to |you would |you will )*(?:pay|credit|refund|send|deliver|issue|settle)\b",
    r"\bvous (?:paierez|payerez|règlerez|réglerez|devez|deviez|rembourserez|nous (?:paierez|rembours\w+|devez|avez promis))\b", r"\bnous (?:paiera|payera|réglera|règlera|versera)\b",
    r"\bnous (?:rembours\w+|créditer\w*)\b", r"\bsie (?:werden|müssen|sollten|wollten|haben)\b.{0,50}\b(?:zahlen|überweisen|erstatten|gutschreiben|gutgeschrieben|zugesagt)\b",
    r"\b(?:zahlt|überweist|zahlen) uns\b", r"\bvotre (?:paiement|virement|règlement) (?:à|pour) (?:notre|nos)\b", r"\bour (?:own )?customers?\b", r"\bnotre client\b", r"\bunsere?r? kunden?\b",
    r"\bbank details\b", r"\bcoordonnées bancaires\b", r"\brib\b", r"\bbankverbindung\b",
)  # fmt: skip

_GOODS_FR = r"(?:palettes?|colis|cartons?|pièces?|unités?|articles?|livraison|marchandises?|commande|kg|boîtes?|produits?|références?)"
_GOODS_EN = (
    r"(?:box(?:es)?|pallets?|items?|pieces?|units?|delivery|shipment|goods|cartons?|parts?|products?|order|parcels?)"
)
_GOODS_DE = r"(?:stück|kartons?|paletten?|ware|artikel|positionen|teile|lieferung|pakete?)"
_PAPER = r"(?:facture|relevé|mail|e-mail|courrier|relance|message|rappel|virement|règlement|paiement|réponse|copie|duplicata|invoice|statement|email|letter|reminder|payment|reply|answer|copy|rechnung|mail|mahnung|erinnerung|zahlung|antwort|kopie|freigabe|approval|validation|accord|money|funds)"

# (code of the reason, its words): the first that fits names the reason; "" contests without saying why.
CONTESTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("DUPLICATE", any_of(
        r"double emploi", r"(?:facturée?s?|factur\w+|comptée?s?) deux fois", r"deux fois (?:factur|compt)", r"double facturation", r"\ben double\b", r"\bdoublon", r"(?:billed|invoiced|charged)\b.{0,20}\btwice\b", r"\btwice\b.{0,20}(?:billed|invoiced|charged)",
        r"\bduplicate (?:invoice|billing|charge)", r"doppelt (?:berechnet|fakturiert|in rechnung|abgerechnet)", r"zweimal (?:berechnet|fakturiert|in rechnung|abgerechnet)",
    )),
    ("MISSING_PO", any_of(
        r"(?:numéro|n°|no|bon) de commande\b.{0,40}(?:manqu|absent|n'apparaît|n'apparait|ne figure|erroné|incorrect|inconnu)", r"(?:sans|pas de|manque le|manque un) (?:numéro|n°|bon) de commande",
        r"\b(?:po|purchase order|order) (?:number|reference|no\.?)?\b.{0,25}\b(?:missing|not (?:shown|stated|on|quoted|mentioned)|wrong|invalid)\b", r"\b(?:missing|without|no valid|no) (?:a |the )?(?:po|purchase order)\b(?! box)",
        r"bestell(?:nummer|nr)\b.{0,25}(?:fehlt|falsch|nicht)",
    )),
    ("DAMAGED", any_of(
        r"\bendommag", r"\babîmé", r"\babimé", r"\bcassée?s?\b", r"\bbrisée?s?\b", r"\bdamaged\b", r"\barrived broken\b", r"\bbroken on arrival\b", r"\bbeschädig", r"\btransportschaden", r"\bzerbrochen", r"\bkaputt\b",
    )),
    ("QUANTITY", any_of(
        rf"\bmanqu(?:e|ent|ait|aient|ant|ants|ante|antes)\b.{{0,50}}\b{_GOODS_FR}\b", rf"\b{_GOODS_FR}\b.{{0,15}}\bmanquante?s?\b", r"\bquantités?\b.{0,60}(?:ne correspond|ne sont pas|n'est pas|erroné|incorrect|différent|fauss)", r"\blivraison (?:incomplète|partielle)",
        r"\bécarts? de quantité", rf"\b{_GOODS_EN}\b.{{0,30}}\b(?:were|was|are|is|still) (?:still )?missing\b", rf"\bmissing\b.{{0,25}}\b{_GOODS_EN}\b", r"\bshort[- ](?:delivery|shipped|delivered|shipment)", r"\bquantit(?:y|ies)\b.{0,50}(?:wrong|incorrect|differ|do(?:es)? not|don't|doesn't|mismatch)",
        r"\bonly (?:got|received|delivered|had)\b.{0,25}\d+.{0,15}\b(?:of|out of|instead of)\b", r"\bincomplete (?:delivery|shipment|order)", rf"\b(?:fehlt|fehlen|fehlten|fehlende)\b.{{0,40}}\b{_GOODS_DE}\b", rf"\b{_GOODS_DE}\b.{{0,20}}\b(?:fehlt|fehlen|fehlten)\b", r"\bfehlmenge",
        r"\bmenge\b.{0,60}(?:weicht|stimmt nicht|falsch|abweich)", r"\blieferung\b.{0,20}unvollständig", r"\bunvollständige (?:lieferung|ware)", r"\bnur \d+ (?:von|statt)\b",
    )),
    ("PRICE", any_of(
        r"\b(?:prix|tarifs?|montants?|remises?)\b.{0,60}(?:ne correspond|n'est pas (?:celui|le bon|correct|conforme|bon)|ne sont pas|erroné|incorrect|\bfaux\b|fausse|différent|trop élevé|supérieur)", r"\b(?:erreur|écart|problème|différence) (?:de|sur le|sur les|sur) (?:prix|tarifs?|montants?|facturation)",
        r"\bmauvais (?:prix|tarif|montant)", r"\bremises?\b.{0,40}(?:manqu|oubli|non appliqu|pas (?:été )?(?:appliqu|dédui))", r"\b(?:wrong|incorrect|higher|different) (?:unit )?(?:price|rate|amount|total)s?\b", r"\b(?:prices?|rates?|amounts?|discount)\b.{0,60}(?:does not|doesn't|do not|don't|is not|isn't|was not|wasn't) (?:match|agree|correspond|correct|right|the|what|as|applied)",
        r"\bprices?\b.{0,40}\b(?:is|are|was|were) (?:wrong|incorrect|too high|higher)", r"\bovercharg", r"\bdiscount\b.{0,30}(?:missing|not (?:been )?(?:applied|deducted|given))", r"\b(?:preise?|beträge?|betrag|rabatt|konditionen)\b.{0,60}(?:stimm(?:t|en) nicht|falsch|zu hoch|weich(?:t|en)|abweich|entsprech\w+ nicht|entspricht nicht)",
        r"\bfalsche[rn]? (?:preise?|betrag|konditionen)", r"\bpreis(?:abweichung|differenz)", r"\b(?:rechnungs)?betrag\b.{0,20}\bzu hoch", r"\b(?:discount|rebate|price)\b.{0,30}\bnot (?:reflected|shown|considered)", r"\brabatt\b.{0,30}(?:fehlt|nicht)",
    )),
    ("QUALITY", any_of(
        r"\bmauvaise?s? (?:référence|article|produit|marchandise|modèle|taille)", r"\bwrong (?:items?|goods|products?|parts?|order|model|size)\b", r"\bfalsche[nrs]? (?:ware|artikel|produkt|teile|lieferung)", r"\bdéfectueu", r"\b(?:un|des|présente\w*|avec|ces) défauts?\b(?! de (?:paiement|règlement))", r"\bnon[- ]conform", r"\bpas conforme", r"\bmauvaise qualité", r"\bmalfaçon", r"\bdefective\b", r"\bfaulty\b", r"\bpoor quality", r"\bnot (?:as ordered|to specification|up to)", r"\bmangelhaft", r"\bdefekt", r"\bne fonctionn\w+ (?:pas|plus)", r"\b(?:not|n't|never) (?:worked|work|working)\b(?! (?:here|in|for|with|at))", r"\bstopped working\b", r"\bfunktionier\w+ nicht", r"\bmängel\b", r"\bqualitätsproblem",
    )),
    ("NOT_RECEIVED", any_of(
        r"\bnichts (?:bestellt|erhalten|bekommen)\b", r"\bnicht (?:vollständig|komplett|ganz) (?:erbracht|geliefert|erhalten)\b", rf"\bn['e] ?.{{0,25}}\b(?:jamais|pas)(?: encore| été| jamais)* (?:été )?(?:reçue?s?|livrée?s?|commandée?s?|réalisée?s?|effectuée?s?)\b(?!.{{0,25}}\b{_PAPER})", r"\b(?:non|jamais) (?:livrée?s?|commandée?s?|réalisée?s?)\b",
        rf"\b(?:never|not|n't)(?: yet| been| even| actually)* (?:received?|ordered?|delivered|got|performed|carried out)\b(?!.{{0,20}}\b{_PAPER})", r"\b(?:nie|nicht|niemals|noch nicht)\b.{0,12}\b(?:erhalten|geliefert|bestellt|bekommen|erbracht|angekommen)\b",
    )),
    ("", any_of(
        r"\bcontest(?:e|ons|ée?s?|ation)\b", r"\blitige", r"\bbloqu(?:e|ons|é) (?:le|votre|tout|ce) (?:règlement|paiement|virement)", r"\b(?:pas|non) (?:été )?prévue?s? (?:au|dans le|sur le) (?:contrat|devis|bon)", r"\bmerci de (?:les |la |le |l')?déduire", r"\b(?:should not|shouldn't) have been (?:invoiced|charged|billed)", r"\b(?:being|is|been) queried\b", r"\b(?:holding|withholding) (?:back )?(?:the |this |your )?payment", r"\ben désaccord", r"\brefus(?:e|ons) (?:cette|la|votre|de (?:payer|régler)|le (?:paiement|règlement))", r"\b(?:facture|tva|facturation)\b.{0,40}(?:erroné|incorrect|fausse|pas (?:correcte|bonne|juste))", r"\berreurs? (?:sur|dans) (?:la|votre|cette|une) facture",
        r"\b(?:attend\w*|demand\w*|exige\w*|promis\w*|établir|émettre|faire)\b.{0,40}\b(?:un |l'|votre |cet |d'un )avoir\b(?! (?:des?|une?|le|la|les|reçu|été|pu|du|plus|fait|bien)\b)", r"\bl'avoir (?:promis|attendu|demandé|manquant|en attente|prévu|convenu)\b", r"\bne (?:paierons|réglerons|payerons) pas\b",
        r"\bdisput(?:e|ed|es|ing)\b", r"\bcontest(?:ed|ing)?\b", r"\bobject to\b", r"\bdisagree\b", r"\b(?:waiting for|await\w*|expect\w*|request\w*|owe us|promised|need|issue)\b.{0,30}\bcredit notes?\b", r"\bcredit notes?\b.{0,40}\b(?:outstanding|missing|not|promised|requested|pending|owed)\b",
        r"\brefus(?:e|ing) to pay\b", r"\b(?:invoices?|vat|bill)\b.{0,40}\b(?:is|are|was|were|looks) (?:wrong|incorrect|not correct|inaccurate)\b", r"\b(?:not|n't) (?:be )?pay(?:ing)?\b.{0,40}\buntil\b", r"\bincorrect invoice", r"\bwrong invoice",
        r"\bdifférend\b", r"\bstornier", r"\breklam", r"\bbeanstand", r"\bbestreit", r"\bwidersprech", r"\beinspruch", r"\bnicht einverstanden", r"\b(?:rechnung|mwst|mehrwertsteuer|umsatzsteuer|ust)\b.{0,40}(?:falsch|fehlerhaft|nicht korrekt|stimmt nicht|nicht richtig)", r"\bgutschrift\b.{0,40}(?:fehlt|steht|erwart|angeforder|zugesagt|versproch)",
        r"\b(?:warten|erwarten|benötigen|bitten um)\b.{0,30}\bgutschrift", r"\bfalsche rechnung",
    )),
)  # fmt: skip
# "No dispute", "in good order": what looks like a contest and says the opposite.
AGREES = any_of(
    r"\b(?:die|ihre|eine|nur) (?:rechnung|mahnung|kopie|freigabe|unterschrift|bestätigung) (?:noch )?fehlt", r"\b(?:fehlt|fehlen) (?:uns |mir |nur |noch |die |eine |ihre |zweite )*(?:rechnung|kopie|freigabe|unterschrift|bestätigung)\b",
    r"^(?:if|in case|should (?:there|the|any|you)|si|s'il|en cas|wenn|falls|sollte[n]?)\b",
    r"\b(?:litiges?|réclamations?|désaccord|différend|contestation|disputes?|complaints?|claims?|reklamation(?:en)?|beanstandung(?:en)?|einspruch)\b(?:(?!\b(?:pas|not|nicht|never|jamais|nie)\b|n't).){0,40}\b(?:clos(?:ed?|es)?|clôturée?s?|résolue?s?|réglée?s?|"
    r"levée?s?|resolved|settled|withdrawn|dropped|sorted|erledigt|geklärt|behoben|beigelegt|zurückgezogen|abgeschlossen)\b",
    r"\b(?:settled|resolved|closed) (?:our|the|this|that) dispute", r"\b(?:aucune?|pas de|sans|plus de|hors) (?:litige|contestation|réserve|problème|désaccord|erreur|défaut|manquant)", r"\bne contest\w+ pas", r"(?<!pas )\ben ordre\b", r"(?<!pas )\ben bon état", r"\b(?:litige|dispute) (?:est |is |now )*(?:résolu|réglé|clos|soldé|closed|resolved|settled)",
    r"\b(?:no|not|without|n't)(?: a| any| in)? (?:dispute|disput\w+|complaint|objection|contest\w*|problem|issue|discrepanc\w+)", r"(?<!not in )\bgood (?:condition|order)", r"\bkeine? (?:reklamation|beanstandung|einspruch|mängel|einwände)", r"\bnicht (?:reklamier|beanstand|bestritten)", r"(?<!nicht )\bin ordnung\b",
    r"\b(?:avoir|credit note|gutschrift) (?:a (?:bien )?été|was|has been|ist|wurde) (?:bien )?(?:reçue?|received|erhalten|eingegangen)",
)  # fmt: skip
# "The invoice never arrived" asks for a copy and contests nothing.
PAPER_MISSING = any_of(
    rf"\b{_PAPER}s?\b.{{0,30}}\b(?:pas|jamais|not|never|n't|nicht|nie)\b.{{0,15}}\b(?:reçue?s?|received|erhalten|bekommen|arrived|angekommen|trouv\w+|found)\b",
)
ANOTHER_PERSON = any_of(
    r"\b(?:parti|partie) (?:à la retraite|de la société|de l'entreprise)", r"\b(?:ne|n')\s?(?:suis|est|fais|fait|travaille|m'occupe|s'occupe|gère|étant)? ?plus\b.{0,40}\b(?:charge|chez|responsable|partie|interlocut\w+|société|entreprise|service|comptabilité|poste|occupe|travaille|effectifs)", r"\ba quitté\b.{0,15}\b(?:société|entreprise|service|poste|groupe)", r"\b(?:dossier|compte|demande|facturation)s?\b.{0,30}\bsuivie?s?\b.{0,30}\bpar\b",
    r"\bmauvais (?:interlocuteur|destinataire|service|contact)", r"\bpas (?:la bonne personne|le bon (?:interlocuteur|contact|service|destinataire))", r"\bretirer? de (?:votre|cette|la) liste", r"\b(?:contacter|adresser|écrire|envoyer)\b.{0,80}\b(?:désormais|dorénavant|à l'avenir|ma collègue|mon collègue|mon successeur|ma remplaçante|mon remplaçant)",
    r"\b(?:désormais|dorénavant|à l'avenir)\b.{0,60}(?:\b(?:contact\w*|adress\w*|écri\w+|envoy\w+|ma collègue|mon collègue)\b|@)", r"\bno longer\b.{0,10}\b(?:works?|working|with|responsible|in charge|the right|handles?|employed|in (?:accounts|finance))", r"\b(?:left|leaving) (?:the |our )?(?:company|finance|department|firm|team|organi[sz]ation|business|accounts)", r"\bwrong (?:person|contact|department|recipient|email|e-mail|address)\b(?!.{0,15}\b(?:invoice|deliver))",
    r"\bnot the (?:right|correct) (?:person|contact|department)", r"\bremove (?:me|us|my|this) .{0,15}\b(?:list|address|mailing)", r"\bhas taken over\b", r"\bplease (?:contact|write to|address|direct)\b.{0,60}\b(?:instead|in future|from now on|going forward)", r"\b(?:nicht|nicht länger) mehr\b.{0,50}\b(?:zuständig|im unternehmen|bei (?:der|uns)|tätig|beschäftigt|in der (?:buchhaltung|abteilung))", r"\bunternehmen verlassen", r"\bfalsche[rn]? (?:ansprechpartner\w*|adressat|person|abteilung)",
    r"\bwenden sie sich\b.{0,25}\b(?:künftig|in zukunft|zukünftig|ab sofort)\b", r"\b(?:künftig|in zukunft|zukünftig|ab sofort)\b.{0,25}\b(?:wenden|schreiben|ansprechpartner)", r"\b(?:abteilung|stelle|position) gewechselt", r"\bnicht (?:der|die) richtige", r"\bneuer ansprechpartner",
)  # fmt: skip

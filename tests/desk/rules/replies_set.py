"""What customers write back, in three languages, with what a careful reader finds in it. Received on Monday, 2 March 2026.

`HELD_OUT` was written before the rules and is not looked at when they are changed; `KNOWN` is what they were made with;
`HARDER` was written against the finished rules to break them, which it did, and taught them since.
A label is a kind, with the day ("PROMISE 2026-03-15") or the amount where the reader finds one.
"""

from dataclasses import dataclass
from datetime import date

RECEIVED = date(2026, 3, 2)


@dataclass(frozen=True)
class Example:
    """A mail, and what is in it: kinds, the promised day and amount, the reason of a dispute. `says`: () for nothing."""

    text: str
    says: tuple[str, ...] = ()
    due: str = ""
    amount: str = ""
    reason: str = ""


KNOWN = (
    # --- French ---
    Example(
        "Bonjour,\nNous paierons 1 200,00 EUR le 15 mars.\nCordialement", ("PROMISE",), "2026-03-15", "1200.00 EUR"
    ),
    Example("Bonjour, le virement sera effectué vendredi. Bien à vous.", ("PROMISE",), "2026-03-06"),
    Example("Le règlement de vos factures F1 et F2 est prévu pour fin mars.", ("PROMISE",), "2026-03-31"),
    Example("Nous procéderons au paiement sous 10 jours.", ("PROMISE",), "2026-03-12"),
    Example("Je vous règle demain 450 €.", ("PROMISE",), "2026-03-03", "450.00 EUR"),
    Example("Votre facture sera incluse dans notre campagne de paiement du 20/03/2026.", ("PROMISE",), "2026-03-20"),
    Example("Nous avons effectué le virement le 27 février, référence VIR-8841.", ("PAYMENT",)),
    Example("Cette facture a déjà été réglée par chèque n° 123456.", ("PAYMENT",)),
    Example("Le paiement est parti ce matin.", ("PAYMENT",)),
    Example("Le virement est en cours.", ("PAYMENT",)),
    Example(
        "Nous contestons cette facture : le prix facturé ne correspond pas au devis.", ("DISPUTE",), reason="PRICE"
    ),
    Example("Il manque 3 palettes sur la livraison du 12 février.", ("DISPUTE",), reason="QUANTITY"),
    Example("La marchandise est arrivée endommagée, nous attendons un avoir.", ("DISPUTE",), reason="DAMAGED"),
    Example("Nous n'avons jamais reçu cette commande.", ("DISPUTE",), reason="NOT_RECEIVED"),
    Example("Cette facture fait double emploi avec la F118.", ("DISPUTE",), reason="DUPLICATE"),
    Example("Nous ne paierons pas tant que l'avoir promis n'a pas été établi.", ("DISPUTE",)),
    Example(
        "Je ne suis plus en charge de la comptabilité fournisseurs, merci de contacter compta@x.example.",
        ("WRONG_CONTACT",),
    ),
    Example("Merci de nous renvoyer la facture, nous ne la retrouvons pas."),
    Example("Bonjour, bien reçu, nous regardons et revenons vers vous."),
    Example("Nous paierons dès réception de l'avoir."),
    Example("Quand allez-vous livrer la commande prévue le 15 mars ?"),
    Example("Pourrions-nous payer en trois fois à partir du 15 avril ?"),
    Example("Aucun litige sur cette facture, elle est validée."),
    Example("Notre service comptable est fermé le 6 mars."),
    Example("Nous ne pourrons pas payer avant le 30 avril."),
    Example(
        "La facture sera payée à son échéance, merci de vérifier la date.",
    ),
    # --- English ---
    Example("Hi,\nPayment will be made next Friday.\nRegards", ("PROMISE",), "2026-03-06"),
    Example("We will settle invoice 4471 (EUR 2,350.50) by March 20th.", ("PROMISE",), "2026-03-20", "2350.50 EUR"),
    Example("Your invoice is scheduled for our payment run on 13 March.", ("PROMISE",), "2026-03-13"),
    Example("I'll transfer £500 tomorrow.", ("PROMISE",), "2026-03-03", "500.00 GBP"),
    Example("You will receive the funds by the end of the month.", ("PROMISE",), "2026-03-31"),
    Example("We paid this on 26 February, please see the attached remittance advice.", ("PAYMENT",)),
    Example("This invoice has already been paid. Please check your bank account.", ("PAYMENT",)),
    Example("The wire was sent yesterday.", ("PAYMENT",)),
    Example("We dispute this invoice: you charged the wrong price.", ("DISPUTE",), reason="PRICE"),
    Example("Two boxes were missing from the delivery.", ("DISPUTE",), reason="QUANTITY"),
    Example(
        "The goods were damaged on arrival and we are still waiting for a credit note.", ("DISPUTE",), reason="DAMAGED"
    ),
    Example("We never ordered this.", ("DISPUTE",), reason="NOT_RECEIVED"),
    Example("I no longer work in accounts payable, please contact ap@x.example.", ("WRONG_CONTACT",)),
    Example("Could you send us a copy of the invoice?"),
    Example("We will pay as soon as we receive the credit note."),
    Example("If everything is fine we will pay on Friday."),
    Example("When can we expect delivery? We need it by March 15."),
    Example("There is no dispute, we are only waiting for approval."),
    Example("We cannot pay before 30 April."),
    Example("Thanks, I will check with my colleague and come back to you on Thursday."),
    Example("We have not been paid by our own customer yet."),
    # --- German ---
    Example(
        "Sehr geehrte Damen und Herren,\ndie Zahlung erfolgt am 15.03.\nMit freundlichen Grüßen",
        ("PROMISE",),
        "2026-03-15",
    ),
    Example(
        "Wir werden den Betrag von 1.200,00 € bis zum 20. März überweisen.", ("PROMISE",), "2026-03-20", "1200.00 EUR"
    ),
    Example("Die Rechnung wird im Zahlungslauf nächste Woche beglichen.", ("PROMISE",), "2026-03-13"),
    Example("Die Rechnung wurde bereits am 25.02. überwiesen.", ("PAYMENT",)),
    Example("Wir haben den Betrag gestern bezahlt, Beleg anbei.", ("PAYMENT",)),
    Example("Wir reklamieren diese Rechnung, der Preis stimmt nicht.", ("DISPUTE",), reason="PRICE"),
    Example("Die Ware war beschädigt.", ("DISPUTE",), reason="DAMAGED"),
    Example("Es fehlen noch 4 Stück aus der Lieferung.", ("DISPUTE",), reason="QUANTITY"),
    Example("Ich bin nicht mehr für die Buchhaltung zuständig.", ("WRONG_CONTACT",)),
    Example("Bitte senden Sie uns die Rechnung noch einmal zu."),
    Example("Wir zahlen, sobald die Gutschrift vorliegt."),
    Example("Wir können vor dem 30. April nicht zahlen."),
    Example("Die Rechnung liegt dem Einkauf zur Freigabe vor."),
)

HELD_OUT = (
    # --- French ---
    Example(
        "Bonjour Madame,\nSuite à votre relance, je vous confirme que le règlement partira le 10 mars par virement.\nCdt",
        ("PROMISE",),
        "2026-03-10",
    ),
    Example("Nous vous ferons un chèque de 3 480,25 € en fin de semaine.", ("PROMISE",), "2026-03-06", "3480.25 EUR"),
    Example("Comme vu au téléphone, vous serez payés la semaine prochaine.", ("PROMISE",), "2026-03-13"),
    Example(
        "On a un petit souci de trésorerie mais on s'engage à solder le compte au plus tard le 31 mars.",
        ("PROMISE",),
        "2026-03-31",
    ),
    Example("Le paiement interviendra au 25 mars, conformément à nos échéances.", ("PROMISE",), "2026-03-25"),
    Example("Sauf erreur de notre part, la somme a été virée le 20/02 sur votre compte CIC.", ("PAYMENT",)),
    Example("Veuillez trouver ci-joint l'avis de virement correspondant.", ("PAYMENT",)),
    Example("Facture soldée le mois dernier, merci de mettre à jour vos comptes.", ("PAYMENT",)),
    Example("Les quantités facturées ne sont pas celles livrées : 40 au lieu de 38.", ("DISPUTE",), reason="QUANTITY"),
    Example("Nous refusons cette facture, la prestation n'a pas été réalisée.", ("DISPUTE",)),
    Example("La TVA est erronée, merci de nous refaire une facture correcte.", ("DISPUTE",)),
    Example("Votre tarif n'est pas celui qui avait été convenu avec M. Leroy.", ("DISPUTE",), reason="PRICE"),
    Example("Ce dossier est suivi désormais par ma collègue, Mme Petit : petit@client.example.", ("WRONG_CONTACT",)),
    Example("Bonjour, pouvez-vous me transmettre un relevé de compte à jour ?"),
    Example("J'ai transmis votre demande au service comptabilité."),
    Example("Merci pour votre appel d'hier. Notre comptable rentre le 9 mars."),
    Example("Nous vous paierons si la marchandise est conforme."),
    Example("Avez-vous bien reçu notre règlement ?"),
    Example("Ne nous relancez plus avant le 15 mars, notre directeur financier est absent."),
    Example("Nous recevons la livraison complète vendredi et tout est en ordre."),
    # --- English ---
    Example(
        "Dear team, funds will be released on Thursday and should reach you within two days.",
        ("PROMISE",),
        "2026-03-05",
    ),
    Example(
        "Apologies for the delay. We're going to pay the full balance of $12,400.00 on the 16th.",
        ("PROMISE",),
        "2026-03-16",
        "12400.00 USD",
    ),
    Example("Approved today, it'll go out with the batch of 9 March.", ("PROMISE",), "2026-03-09"),
    Example("Half of it will be paid this week and the rest at the end of April.", ("PROMISE",)),
    Example("We commit to clearing the overdue amount by 27/03/2026.", ("PROMISE",), "2026-03-27"),
    Example("According to our records this was settled in January by BACS.", ("PAYMENT",)),
    Example("Proof of payment attached.", ("PAYMENT",)),
    Example("We transferred the money last week, ref 99-1231.", ("PAYMENT",)),
    Example("The price on the invoice does not match our purchase order.", ("DISPUTE",), reason="PRICE"),
    Example("We won't be paying this until the faulty unit has been replaced.", ("DISPUTE",), reason="QUALITY"),
    Example("You have billed us twice for the same shipment.", ("DISPUTE",), reason="DUPLICATE"),
    Example("We only got 8 of the 10 pallets.", ("DISPUTE",), reason="QUANTITY"),
    Example("Please remove me from this list, I have left the finance department.", ("WRONG_CONTACT",)),
    Example("We will pay attention to this in future."),
    Example("Can we agree on instalments? We could pay 500 EUR per month from April."),
    Example("Our new bank details are attached."),
    Example("I'm in meetings until Wednesday, let's talk then."),
    Example("You promised to credit us by 15 March, please confirm."),
    Example("Please tell me when payment is due."),
    Example("The goods were received in good condition, thank you."),
    # --- German ---
    Example("Hallo Frau Weber, wir überweisen morgen.", ("PROMISE",), "2026-03-03"),
    Example("Der offene Betrag wird zum Monatsende angewiesen.", ("PROMISE",), "2026-03-31"),
    Example("Sie erhalten die Zahlung spätestens am Freitag.", ("PROMISE",), "2026-03-06"),
    Example("Laut unserer Buchhaltung ist die Rechnung schon bezahlt.", ("PAYMENT",)),
    Example("Die Überweisung ist heute raus.", ("PAYMENT",)),
    Example("Die gelieferte Menge weicht von der Bestellung ab.", ("DISPUTE",), reason="QUANTITY"),
    Example("Wir haben die Ware nie erhalten.", ("DISPUTE",), reason="NOT_RECEIVED"),
    Example("Die Rechnung ist falsch, bitte um Korrektur.", ("DISPUTE",)),
    Example("Bitte wenden Sie sich künftig an Herrn Krause, ich habe die Abteilung gewechselt.", ("WRONG_CONTACT",)),
    Example("Vielen Dank, wir prüfen das und melden uns bis Freitag."),
    Example("Können Sie uns ein Zahlungsziel bis Ende April einräumen?"),
    Example("Unsere Buchhaltung ist am 6. März nicht besetzt."),
    Example("Wenn die Restlieferung da ist, zahlen wir am 20.03."),
)

# Longer mails, slips of the pen, several things in one, things beside the point.
HARDER = (
    Example("bjr\nje fais partir le cheque lundi prochain sans faute\nsalutations", ("PROMISE",), "2026-03-09"),
    Example(
        "Bonjour,\n\nJe reviens vers vous suite à votre mail. Pour la F-2231, le virement a été fait le 24/02. Pour la F-2240 "
        "nous la règlerons le 31/03 comme convenu.\n\nBien cordialement\nSophie Arnaud",
        ("PAYMENT", "PROMISE"),
        "2026-03-31",
    ),
    Example(
        "Bonjour Monsieur,\nNotre directeur doit encore signer. Je pense que ce sera bon pour vendredi mais je ne peux rien "
        "vous garantir.",
    ),
    Example("Votre facture du 15 janvier a été validée et transmise en comptabilité pour paiement."),
    Example("Le camion est prévu le 12 mars, le paiement suivra à 30 jours fin de mois."),
    Example("Nous avons bien reçu votre paiement du 15 février, merci."),
    Example("Merci de noter notre changement d'adresse à compter du 1er avril 2026."),
    Example(
        "Suite à l'incident sur la ligne 3, votre technicien doit passer mardi. On bloque le règlement en attendant.",
        ("DISPUTE",),
    ),
    Example("Les heures supplémentaires n'étaient pas prévues au contrat, merci de les déduire.", ("DISPUTE",)),
    Example("Il nous faut le bon de livraison signé pour débloquer le paiement."),
    Example("Facture reçue en double, merci d'en annuler une.", ("DISPUTE",), reason="DUPLICATE"),
    Example("On en parle vendredi avec le patron et je vous dis pour le paiement."),
    Example(
        "Je vous confirme notre accord pour un premier versement de 2 000 € le 5 mars puis 2 000 € le 5 avril.",
        ("PROMISE",),
        "2026-03-05",
        "2000.00 EUR",
    ),
    Example("Nous sommes en redressement judiciaire depuis le 10 février, veuillez déclarer votre créance."),
    Example("Vous pouvez compter sur un règlement mi-mars.", ("PROMISE",), "2026-03-15"),
    Example("hi there, sorry for late reply - payment going out thurs", ("PROMISE",), "2026-03-05"),
    Example(
        "Spoke to Finance: invoice 881 is on the list for Friday's run, 882 is still being queried because of the missing POD.",
        ("PROMISE", "DISPUTE"),
        "2026-03-06",
    ),
    Example("I have asked our AP team to look into this and they will revert by Wednesday."),
    Example("Pls note we've processed the payment for GBP 4,100.20 this morning. Allow 3 working days.", ("PAYMENT",)),
    Example("The machine has not worked since installation. We expect you to collect it.", ("DISPUTE",)),
    Example("Our standard terms are 60 days, so this is not due until 14 April."),
    Example("This was agreed as a free sample so we shouldn't have been invoiced.", ("DISPUTE",)),
    Example("Kindly resend the statement; we will then reconcile and pay by the 20th."),
    Example(
        "As per our call, we'll be sending 1,500.00 EUR on the 9th and the balance by the end of March.",
        ("PROMISE",),
        "2026-03-09",
        "1500.00 EUR",
    ),
    Example("Your delivery will be paid for on Tuesday by our logistics partner."),
    Example(
        "Thanks for the reminder! Will sort it today.",
    ),
    Example("We were promised a 5% discount which is not reflected on the bill.", ("DISPUTE",), reason="PRICE"),
    Example("Please update your records: Jane Doe left the company last month.", ("WRONG_CONTACT",)),
    Example("The price has gone up since last year but we accept it."),
    Example("Die Zahlung ist für den 12. März eingeplant.", ("PROMISE",), "2026-03-12"),
    Example("Der Rechnungsbetrag ist uns zu hoch, im Angebot standen 900 €.", ("DISPUTE",), reason="PRICE"),
    Example("Unser Chef ist erst am 9. März wieder da, vorher geht nichts raus."),
    Example("Wir haben am 15. Februar bei Ihnen bestellt und erwarten die Lieferung."),
    Example("Betrag geht morgen raus.", ("PROMISE",), "2026-03-03"),
    Example("Bitte prüfen Sie Ihr Konto, wir haben am 23.02. per Lastschrift gezahlt.", ("PAYMENT",)),
    Example("Von den 10 gelieferten Stühlen waren 2 kaputt.", ("DISPUTE",), reason="DAMAGED"),
    Example(
        "Madame, le chèque de règlement de 845,60 € vous sera posté le 6 mars.",
        ("PROMISE",),
        "2026-03-06",
        "845.60 EUR",
    ),
    Example("Nous avons programmé le virement pour jeudi.", ("PROMISE",), "2026-03-05"),
    Example("OK pour paiement au 15 avril.", ("PROMISE",), "2026-04-15"),
    Example("Bonjour, notre expert-comptable vous adressera les documents le 10 mars."),
    Example("Il reste un différend sur les frais de port, nous ne les avions pas acceptés.", ("DISPUTE",)),
    Example("Vous nous avez livré la mauvaise référence, reprise à prévoir.", ("DISPUTE",)),
    Example("La réception de chantier a lieu le 20 mars, merci d'être présents."),
    Example("Le compte est soldé de notre côté, voir copie du relevé bancaire.", ("PAYMENT",)),
    Example("Nous attendons votre retour avant de régler quoi que ce soit."),
    Example("M. Blanc est parti à la retraite, adressez-vous à moi désormais.", ("WRONG_CONTACT",)),
    Example("Votre relance du 2 mars a retenu toute notre attention."),
    Example("Je reviens vers vous lundi avec une date de paiement."),
    Example("Payment is planned for the week of 16 March.", ("PROMISE",), "2026-03-16"),
    Example(
        "We can confirm that EUR 980 will be in your account by tomorrow evening.",
        ("PROMISE",),
        "2026-03-03",
        "980.00 EUR",
    ),
    Example("I've just authorised this, expect it Thursday.", ("PROMISE",), "2026-03-05"),
    Example("The invoice shows VAT although we are exempt.", ("DISPUTE",)),
    Example("You sent the wrong items and nobody has collected them.", ("DISPUTE",)),
    Example("Invoice approved and passed to treasury."),
    Example("We settled our dispute with the carrier last week."),
    Example("Our accounts department closes on 31 March for the year end."),
    Example("Remittance sent this morning for invoices 12 and 13.", ("PAYMENT",)),
    Example("Wir begleichen die Rechnung mit dem nächsten Zahlungslauf am 10. März.", ("PROMISE",), "2026-03-10"),
    Example("Überweisung ist für Mittwoch terminiert.", ("PROMISE",), "2026-03-04"),
    Example("Die Leistung wurde nicht vollständig erbracht.", ("DISPUTE",)),
    Example("Bitte stornieren Sie die Rechnung, wir haben nichts bestellt.", ("DISPUTE",), reason="NOT_RECEIVED"),
    Example("Wir haben die Rechnung an unsere Zentrale weitergeleitet."),
    Example("Frau Meier arbeitet nicht mehr bei uns.", ("WRONG_CONTACT",)),
    Example("Die Zahlung hat unser Haus am 26.2. verlassen.", ("PAYMENT",)),
    Example("Am 12. März ist unser Büro geschlossen."),
)

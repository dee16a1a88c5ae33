/**
 * What a bag of words cannot know by itself: which words of a service desk's everyday talk
 * mean the same, across English, Spanish and German. Written by hand, kept short; data, not rules.
 */

/** Beside the words of asking: of everyday talk, they count a little less. Without accents, as `fold` gives them. */
export const FAINT_WORDS: ReadonlySet<string> = new Set(
  (
    'gonna wanna help say show see look find use way things able possible try take put come keep work today really many lot kind sort ok okay ' +
    'question wondering wonder explain ask anyone someone something anything exactly currently right good new ' +
    'quisiera puedes necesito necesita saber decir dime hacer ayuda ver tener ' +
    'brauche wissen sagen sag hilfe machen geben'
  ).split(' '),
);

/** One line a meaning. */
const MEANINGS = `
order purchase buy pedido compra comprar bestellung bestellen kaufen
parcel package shipment packet paquete envio paket sendung
deliver delivery ship shipping arrive entrega entregar llegar lieferung liefern zustellung ankommen versand
track tracking trace status rastrear seguimiento estado verfolgen sendungsverfolgung
invoice bill receipt factura recibo rechnung quittung beleg
refund reimburse reimbursement moneyback reembolso devolver erstattung ruckerstattung erstatten
return returns exchange devolucion cambiar rucksendung retoure zuruckgeben umtausch umtauschen
cancel cancellation terminate revoke cancelar anular stornieren kundigen abbestellen stornierung kundigung
pay payment paid paying pagar pago bezahlen zahlung zahlen
price cost fee charge precio coste costo tarifa preis kosten gebuhr
money cash fund funds dinero geld
broken damaged defective faulty roto danado defectuoso kaputt beschadigt defekt
warranty guarantee garantia garantie gewahrleistung
address street direccion domicilio adresse anschrift
password passcode pin contrasena clave passwort kennwort
account profile cuenta perfil konto
login signin logon acceder anmelden einloggen
phone telephone mobile cellphone telefono movil telefon handy
call ring dial llamar anrufen anruf
email mail correo
person human agent representative operator persona humano agente mensch mitarbeiter person
job vacancy position opening employment work empleo trabajo vacante puesto stelle arbeit beruf
resume cv curriculum lebenslauf
candidate applicant candidato bewerber kandidat
salary wage pay income sueldo salario gehalt lohn
skill ability competence habilidad competencia fahigkeit kenntnisse
company employer firm business empresa firma unternehmen arbeitgeber
apply application solicitud solicitar bewerben bewerbung
car vehicle auto automobile coche carro wagen
trip travel journey vacation holiday viaje viajar vacaciones reise reisen urlaub
flight fly plane airline vuelo avion flug flugzeug
hotel lodging accommodation alojamiento unterkunft
book reserve booking reservation reservar reserva buchen reservieren buchung
food meal dish eat comida comer essen gericht
restaurant diner restaurante
weather forecast clima tiempo wetter
translate translation traducir ubersetzen
language speak idioma hablar sprache sprechen
change update modify edit switch alter modificar actualizar andern aktualisieren
delete remove erase clear borrar eliminar loschen entfernen
create add make new crear anadir agregar erstellen hinzufugen
start begin activate enable open empezar activar beginnen aktivieren
stop end quit disable deactivate parar terminar beenden deaktivieren
problem issue trouble error fault problema fehler
time hour clock hora uhr stunde zeit
date day fecha dia datum tag
schedule appointment meeting calendar agenda cita reunion termin
reminder remind recordatorio recordar erinnerung erinnern
insurance seguro versicherung
tax taxes impuesto steuer
bank banco
balance saldo kontostand
transfer send move wire transferir enviar uberweisen senden
card credit tarjeta karte kreditkarte
loan credit mortgage borrow prestamo hipoteca kredit darlehen
doctor medical medico arzt
house home apartment flat casa piso wohnung haus
size measure talla grosse
color colour farbe
gift present regalo geschenk
discount coupon voucher promo descuento cupon rabatt gutschein
store shop tienda laden geschaft
product item article goods producto articulo produkt artikel ware
customer client cliente kunde
free gratis kostenlos
fast quick express rapido schnell
late delay delayed tarde retraso spat verspatung verzogert
lost missing perdido verloren fehlt
fix repair arreglar reparar reparieren
name nombre
privacy data datos datenschutz daten
`;

/** Word (without accents, in lower case) → numbers of its meanings. */
export const MEANINGS_OF: ReadonlyMap<string, readonly number[]> = indexMeanings();

function indexMeanings(): Map<string, number[]> {
  const index = new Map<string, number[]>();
  MEANINGS.trim()
    .split('\n')
    .forEach((line, meaning) => {
      for (const word of new Set(line.split(' '))) index.set(word, [...(index.get(word) ?? []), meaning]);
    });
  return index;
}

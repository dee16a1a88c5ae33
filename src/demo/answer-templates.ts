/**
 * What the shop's agents say when no model writes the answer. In LiquidJS; `case language` chooses among English (also
 * for every other language), Spanish and German. The API's own words (events, notes, reasons) are English and therefore
 * stand in the English text only, unless nothing else would say them.
 */

/** Sees `get_order_tracking`: the demo API's tracking of one order. */
export const TRACKING_TEMPLATE = `
{%- assign t = get_order_tracking -%}
{%- case language -%}
{%- when 'es' -%}
{%- case t.status -%}
{%- when 'received' -%}{%- assign state = 'recibido y a la espera de ser preparado' -%}
{%- when 'awaiting_payment' -%}{%- assign state = 'a la espera de tu pago' -%}
{%- when 'packing' -%}{%- assign state = 'en preparación' -%}
{%- when 'shipped' -%}{%- assign state = 'en camino' -%}
{%- when 'partly_shipped' -%}{%- assign state = 'enviado en parte' -%}
{%- when 'delayed' -%}{%- assign state = 'retrasado' -%}
{%- when 'out_for_delivery' -%}{%- assign state = 'en reparto' -%}
{%- when 'ready_for_collection' -%}{%- assign state = 'listo para recoger' -%}
{%- when 'delivery_failed' -%}{%- assign state = 'sin entregar: no había nadie, habrá un segundo intento' -%}
{%- when 'delivered' -%}{%- assign state = 'entregado' -%}
{%- when 'returned' -%}{%- assign state = 'devuelto' -%}
{%- when 'cancelled' -%}{%- assign state = 'cancelado' -%}
{%- else -%}{%- assign state = t.status_text -%}
{%- endcase -%}
{%- assign from_day = t.eta.from | date: "%d/%m", "Europe/Dublin" -%}
{%- assign until_day = t.eta.until | date: "%d/%m", "Europe/Dublin" -%}
Tu pedido **{{ t.order_id }}** está **{{ state }}**.
{%- if t.delivered_at %} Fecha de entrega: {{ t.delivered_at | date: "%d/%m/%Y, %H:%M", "Europe/Dublin" }}.{% endif -%}
{%- if t.eta %} Llegada prevista: **{{ from_day }}, {{ t.eta.from | date: "%H:%M", "Europe/Dublin" }} – {% if until_day != from_day %}{{ until_day }}, {% endif %}{{ t.eta.until | date: "%H:%M", "Europe/Dublin" }}** (hora de Irlanda).{% endif -%}
{%- if t.carrier %}

Transportista: {{ t.carrier }}{% if t.tracking_number %}, número de seguimiento {{ t.tracking_number }}{% endif %}.
{%- endif -%}
{%- if t.last_event %}

Última noticia ({{ t.last_event.at | date: "%d/%m, %H:%M", "Europe/Dublin" }}): {{ t.last_event.text }}{% if t.last_event.place %} – {{ t.last_event.place }}{% endif %}.
{%- endif -%}
{%- when 'de' -%}
{%- case t.status -%}
{%- when 'received' -%}{%- assign state = 'eingegangen und wartet auf das Packen' -%}
{%- when 'awaiting_payment' -%}{%- assign state = 'noch nicht bezahlt' -%}
{%- when 'packing' -%}{%- assign state = 'beim Packen' -%}
{%- when 'shipped' -%}{%- assign state = 'unterwegs' -%}
{%- when 'partly_shipped' -%}{%- assign state = 'teilweise verschickt' -%}
{%- when 'delayed' -%}{%- assign state = 'verspätet' -%}
{%- when 'out_for_delivery' -%}{%- assign state = 'in der Zustellung' -%}
{%- when 'ready_for_collection' -%}{%- assign state = 'abholbereit' -%}
{%- when 'delivery_failed' -%}{%- assign state = 'noch nicht zugestellt: niemand war zu Hause, ein zweiter Versuch folgt' -%}
{%- when 'delivered' -%}{%- assign state = 'zugestellt' -%}
{%- when 'returned' -%}{%- assign state = 'zurückgeschickt' -%}
{%- when 'cancelled' -%}{%- assign state = 'storniert' -%}
{%- else -%}{%- assign state = t.status_text -%}
{%- endcase -%}
{%- assign from_day = t.eta.from | date: "%d.%m.", "Europe/Dublin" -%}
{%- assign until_day = t.eta.until | date: "%d.%m.", "Europe/Dublin" -%}
Ihre Bestellung **{{ t.order_id }}** ist **{{ state }}**.
{%- if t.delivered_at %} Zugestellt am {{ t.delivered_at | date: "%d.%m.%Y um %H:%M", "Europe/Dublin" }} Uhr.{% endif -%}
{%- if t.eta %} Voraussichtliche Ankunft: **{{ from_day }}, {{ t.eta.from | date: "%H:%M", "Europe/Dublin" }} – {% if until_day != from_day %}{{ until_day }}, {% endif %}{{ t.eta.until | date: "%H:%M", "Europe/Dublin" }} Uhr** (irische Zeit).{% endif -%}
{%- if t.carrier %}

Paketdienst: {{ t.carrier }}{% if t.tracking_number %}, Sendungsnummer {{ t.tracking_number }}{% endif %}.
{%- endif -%}
{%- if t.last_event %}

Letzte Meldung ({{ t.last_event.at | date: "%d.%m., %H:%M", "Europe/Dublin" }} Uhr): {{ t.last_event.text }}{% if t.last_event.place %} – {{ t.last_event.place }}{% endif %}.
{%- endif -%}
{%- else -%}
Order **{{ t.order_id }}** is **{{ t.status_text }}**.
{%- if t.delivered_at %} It was delivered on {{ t.delivered_at | date: "%A %-d %B at %H:%M", "Europe/Dublin" }}.{% endif -%}
{%- if t.eta %} Expected: **{{ t.eta_text }}**.{% elsif t.eta_text %} {{ t.eta_text }}{% endif -%}
{%- if t.carrier %}

Carrier: {{ t.carrier }}{% if t.tracking_number %}, tracking number {{ t.tracking_number }}{% endif %}, to {{ t.destination }}.
{%- endif -%}
{%- if t.events.size > 0 %}

What happened so far:
{% for event in t.events limit: 4 %}
- {{ event.at | date: "%a %-d %b, %H:%M", "Europe/Dublin" }}: {{ event.text }}{% if event.place %} – {{ event.place }}{% endif %}
{%- endfor -%}
{%- endif -%}
{%- if t.note %}

{{ t.note }}
{%- endif -%}
{%- endcase -%}`;

/** Sees `get_invoice` and, when it was asked to send one, `send_invoice`. */
export const INVOICE_TEMPLATE = `
{%- assign i = get_invoice -%}
{%- assign s = send_invoice -%}
{%- case language -%}
{%- when 'es' -%}
{%- if s.status == 'sent' -%}
He enviado la factura **{{ s.invoice_id }}** a **{{ s.email }}**.
{%- if i.status == 'issued' %}

{% endif -%}
{%- endif -%}
{%- if i.status == 'issued' -%}
Factura **{{ i.invoice_id }}** del pedido {{ i.order_id }}, con fecha {{ i.issued_at | date: "%d/%m/%Y", "Europe/Dublin" }}: **{{ i.total_text }}** (base {{ i.net_text }}, IVA {{ i.vat_text }}). Pago: {{ i.payment_method }}.
{%- unless s %} El PDF está en tu cuenta, en Pedidos › Facturas. Si quieres que te la envíe, dime una dirección de correo.{% endunless -%}
{%- elsif i -%}
El pedido {{ i.order_id }} no tiene factura: {{ i.reason }}
{%- endif -%}
{%- when 'de' -%}
{%- if s.status == 'sent' -%}
Die Rechnung **{{ s.invoice_id }}** habe ich an **{{ s.email }}** geschickt.
{%- if i.status == 'issued' %}

{% endif -%}
{%- endif -%}
{%- if i.status == 'issued' -%}
Rechnung **{{ i.invoice_id }}** zur Bestellung {{ i.order_id }} vom {{ i.issued_at | date: "%d.%m.%Y", "Europe/Dublin" }}: **{{ i.total_text }}** (netto {{ i.net_text }}, Mehrwertsteuer {{ i.vat_text }}). Zahlung: {{ i.payment_method }}.
{%- unless s %} Das PDF steht in Ihrem Konto unter Bestellungen › Rechnungen. Soll ich sie schicken, nennen Sie mir eine E-Mail-Adresse.{% endunless -%}
{%- elsif i -%}
Zur Bestellung {{ i.order_id }} gibt es keine Rechnung: {{ i.reason }}
{%- endif -%}
{%- else -%}
{%- if s.status == 'sent' -%}
I have sent invoice **{{ s.invoice_id }}** to **{{ s.email }}**. It should arrive within a few minutes.
{%- if i.status == 'issued' %}

{% endif -%}
{%- endif -%}
{%- if i.status == 'issued' -%}
Invoice **{{ i.invoice_id }}** for order {{ i.order_id }}, issued on {{ i.issued_at | date: "%-d %B %Y", "Europe/Dublin" }}, is for **{{ i.total_text }}** ({{ i.net_text }} plus {{ i.vat_text }} VAT). Payment: {{ i.payment_method }}.
{%- if i.vat_note %} {{ i.vat_note }}.{% endif -%}
{%- unless s %} You find the PDF in your account under Orders › Invoices. If you would like it by email, tell me the address.{% endunless -%}
{%- elsif i -%}
There is no invoice for order {{ i.order_id }}. {{ i.reason }}
{%- endif -%}
{%- endcase -%}`;

/**
 * Sees `message` only. A draft around what was asked for: what only the author can know is left open in [brackets]
 * instead of being invented.
 */
export const LINKEDIN_TEMPLATE = `
{%- assign topic = message | strip -%}
{%- assign places = " on LinkedIn| for LinkedIn| en LinkedIn| para LinkedIn| de LinkedIn| auf LinkedIn| für LinkedIn" | split: "|" -%}
{%- for place in places -%}{%- assign topic = topic | replace: place, "" -%}{%- endfor -%}
{%- assign markers = " about the | about | announcing | announce | on the | on | sobre | acerca de | über |: " | split: "|" -%}
{%- for marker in markers -%}
{%- assign parts = topic | split: marker -%}
{%- if parts.size > 1 -%}
{%- assign found = parts | shift | join: marker | strip -%}
{%- if found != "" -%}{%- assign topic = found -%}{%- break -%}{%- endif -%}
{%- endif -%}
{%- endfor -%}
{%- assign last = topic | slice: -1 -%}
{%- if last == "." or last == "!" or last == "?" -%}{%- assign topic = topic | remove_last: last -%}{%- endif -%}
{%- assign first = topic | slice: 0 | upcase -%}
{%- assign rest = topic | slice: 1, 400 -%}
{%- case language -%}
{%- when 'es' -%}
**{{ first }}{{ rest }}**

En ACME hacemos equipo para la montaña que debe durar, y nos gusta contar lo que hay detrás.

[Un detalle concreto: una fecha, una cifra o una historia breve.]

Tres cosas nos guían en todo lo que hacemos:

→ Que se pueda explicar en una frase.
→ Decir también lo que todavía no funciona.
→ Preguntar a quienes lo usan, y escuchar.

¿Cuál es vuestra experiencia? Os leemos en los comentarios.

#ACME #Montaña #AireLibre
{%- when 'de' -%}
**{{ first }}{{ rest }}**

Bei ACME machen wir Ausrüstung, die lange halten soll, und wir erzählen gern, was dahintersteckt.

[Eine konkrete Einzelheit: ein Datum, eine Zahl oder eine kurze Geschichte.]

Drei Dinge leiten uns bei allem, was wir tun:

→ Es muss sich in einem Satz erklären lassen.
→ Wir sagen auch, was noch nicht klappt.
→ Wir fragen die, die es benutzen, und hören zu.

Was sind Ihre Erfahrungen? Schreiben Sie uns in die Kommentare.

#ACME #Outdoor #Draußen
{%- else -%}
**{{ first }}{{ rest }}**

At ACME we make outdoor gear that is meant to last, and we like to talk about what stands behind it.

[One concrete detail: a date, a number or a short story.]

Three things guide us in everything we do:

→ It has to be easy to explain in one sentence.
→ We also say what does not work yet.
→ We ask the people who use it, and then we listen.

What is your experience? Tell us in the comments.

#ACME #Outdoors #BuiltToLast
{%- endcase -%}`;

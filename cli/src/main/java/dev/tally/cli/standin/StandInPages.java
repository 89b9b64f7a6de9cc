package dev.tally.cli.standin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** What Stripe does not have: the page at {@code /}, exact totals, the events received, invoices by period, and faults. */
final class StandInPages {

    private static final int MOST_EVENTS = 10_000;

    private final Account account;
    private final Book book;
    private final Invoices invoices;
    private final Faults faults;
    private final CallCounts counts;
    private final InstantSource clock;

    StandInPages(Account account, Book book, Invoices invoices, Faults faults, CallCounts counts, InstantSource clock) {
        this.account = account;
        this.book = book;
        this.invoices = invoices;
        this.faults = faults;
        this.counts = counts;
        this.clock = clock;
    }

    /**
     * Answers one call outside {@code /v1}.
     *
     * @throws Refusal in Stripe's form
     */
    Answer answer(Call call) {
        return switch (call.method() + " " + call.path()) {
            case "GET /" -> page();
            case "GET /health/live", "GET /health/ready" ->
                Answer.json(200, Json.object().put("status", "UP").put("standIn", "a fake of Stripe"));
            case "GET /stand-in/usage" -> usage(call);
            case "GET /stand-in/events" -> events(call);
            case "GET /stand-in/invoice" -> invoice(call);
            case "GET /stand-in/calls" -> Answer.json(200, counts.describe());
            case "GET /stand-in/faults" -> Answer.json(200, faults.describe());
            case "POST /stand-in/faults" -> arm(call);
            case "DELETE /stand-in/faults" -> {
                faults.clear();
                yield Answer.json(200, faults.describe());
            }
            default -> throw Refusal.of(404, "invalid_request_error", null, "The stand-in has no such page.");
        };
    }

    private Answer arm(Call call) {
        try {
            faults.arm(Json.MAPPER.readTree(call.body()));
        } catch (JsonProcessingException e) {
            throw Refusal.parameter(null, null, "not JSON: " + e.getOriginalMessage());
        } catch (IllegalArgumentException e) {
            throw Refusal.parameter(null, null, String.valueOf(e.getMessage()));
        }
        return Answer.json(200, faults.describe());
    }

    private static Map<String, String> query(Call call, Set<String> known) {
        Map<String, String> query = Form.pairs(call.query());
        for (String name : query.keySet()) {
            if (!known.contains(name)) {
                throw Refusal.parameter("parameter_unknown", name, "Received unknown parameter: " + name);
            }
        }
        return query;
    }

    private static Predicate<MeterEvent> filter(Map<String, String> query) {
        String customer = query.get("customer");
        String eventName = query.get("event_name");
        String identifier = query.get("identifier");
        Instant from = query.containsKey("from") ? instant(query, "from") : Instant.MIN;
        Instant to = query.containsKey("to") ? instant(query, "to") : Instant.MAX;
        return event -> (customer == null || event.customer().equals(customer))
                && (eventName == null || event.eventName().equals(eventName))
                && (identifier == null || event.identifier().equals(identifier))
                && !event.timestamp().isBefore(from)
                && event.timestamp().isBefore(to);
    }

    private static Instant instant(Map<String, String> query, String name) {
        String text = query.getOrDefault(name, "");
        try {
            return text.contains("T")
                    ? Instant.parse(text)
                    : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
        } catch (DateTimeException e) {
            throw Refusal.parameter(null, name, name + " must be like 2026-11-01 or 2026-11-01T00:00:00Z");
        }
    }

    private Answer usage(Call call) {
        Map<String, String> query = query(call, Set.of("customer", "event_name", "from", "to"));
        Predicate<MeterEvent> filter = filter(query);
        ObjectNode body = Json.object();
        query.forEach(body::put);
        return Answer.json(
                200,
                body.put("total", book.sum(filter))
                        .put(
                                "events",
                                book.events(filter.and(event -> event.error() == null))
                                        .size()));
    }

    private Answer events(Call call) {
        Map<String, String> query = query(call, Set.of("customer", "event_name", "identifier", "from", "to", "after"));
        long after;
        try {
            after = Long.parseLong(query.getOrDefault("after", "0"));
        } catch (NumberFormatException e) {
            throw Refusal.parameter(null, "after", "after must be the sequence of an event");
        }
        List<MeterEvent> found = book.events(filter(query).and(event -> event.sequence() > after));
        ObjectNode body = Json.object();
        ArrayNode list = body.putArray("events");
        for (MeterEvent event : found.subList(0, Math.min(found.size(), MOST_EVENTS))) {
            ObjectNode node = list.addObject()
                    .put("sequence", event.sequence())
                    .put("identifier", event.identifier())
                    .put("eventName", event.eventName())
                    .put("customer", event.customer())
                    .put("value", event.value())
                    .put("timestamp", event.timestamp().toString())
                    .put("receivedAt", event.receivedAt().toString());
            if (event.error() != null) {
                node.put("error", event.error());
            }
        }
        return Answer.json(200, body.put("hasMore", found.size() > MOST_EVENTS));
    }

    private Answer invoice(Call call) {
        Map<String, String> query = query(call, Set.of("customer", "subscription", "period"));
        String customer = query.getOrDefault("customer", "");
        Account.Subscription subscription = account.subscriptions().stream()
                .filter(found -> query.containsKey("subscription")
                        ? found.id().equals(query.get("subscription"))
                        : found.customer().equals(customer))
                .findFirst()
                .orElseThrow(() -> Refusal.notFound("subscription of customer", customer, "customer"));
        Instant now = clock.instant();
        Invoices.Invoice invoice = invoices.of(subscription, period(query, subscription, now));
        ObjectNode body = Json.object()
                .put("standIn", "a fake of Stripe")
                .put("customer", subscription.customer())
                .put("subscription", subscription.id())
                .put("currency", "usd")
                .put("status", status(invoice, now));
        body.putObject("period")
                .put("start", invoice.period().start().toString())
                .put("end", invoice.period().end().toString());
        body.put("finalizesAt", invoice.finalizesAt().toString());
        ArrayNode lines = body.putArray("lines");
        for (Invoices.Line line : invoice.lines()) {
            lines.addObject()
                    .put("description", line.item().price().nickname())
                    .put("price", line.item().price().id())
                    .put("usageType", line.item().price().metered() ? "metered" : "licensed")
                    .put("quantity", line.quantity().toPlainString())
                    .put("lateQuantity", line.late().toPlainString())
                    .put("unitAmount", dollars(line.item().price().unitAmount()))
                    .put("amount", money(line.amount()));
        }
        ArrayNode prorations = body.putArray("prorations");
        for (Invoices.Proration proration : invoice.prorations()) {
            prorations
                    .addObject()
                    .put("item", proration.item().id())
                    .put("description", proration.item().price().nickname())
                    .put("before", proration.update().before())
                    .put("quantity", proration.update().quantity())
                    .put("prorationDate", proration.update().prorationDate().toString())
                    .put("amount", money(proration.amount()));
        }
        return Answer.json(200, body.put("total", money(invoice.total())));
    }

    /** The period that starts on the given day, else the one the day lies in; without a day the current one. */
    private static Period period(Map<String, String> query, Account.Subscription subscription, Instant now) {
        String day = query.get("period");
        if (day == null) {
            return subscription.periodAt(now);
        }
        try {
            return subscription.periodAt(LocalDate.parse(day)
                    .plusDays(1)
                    .atStartOfDay(ZoneOffset.UTC)
                    .toInstant()
                    .minusNanos(1));
        } catch (DateTimeException e) {
            throw Refusal.parameter(null, "period", "period must be a day like 2026-11-01");
        }
    }

    private static String status(Invoices.Invoice invoice, Instant now) {
        if (now.isBefore(invoice.period().end())) {
            return "open";
        }
        return now.isBefore(invoice.finalizesAt()) ? "draft" : "finalized";
    }

    private static String money(BigInteger cents) {
        return new BigDecimal(cents, 2).toPlainString();
    }

    private static String dollars(BigDecimal cents) {
        BigDecimal dollars = cents.movePointLeft(2).stripTrailingZeros();
        return (dollars.scale() < 2 ? dollars.setScale(2) : dollars).toPlainString();
    }

    private Answer page() {
        StringBuilder rows = new StringBuilder();
        Instant now = clock.instant();
        for (Account.Subscription subscription : account.subscriptions()) {
            Invoices.Invoice invoice = invoices.of(subscription, subscription.periodAt(now));
            String customer = html(subscription.customer());
            rows.append("<tr><td>").append(customer);
            rows.append("</td><td>").append(invoice.period().start());
            rows.append("</td><td align=right>").append(money(invoice.total()));
            rows.append("</td><td><a href=\"/stand-in/invoice?customer=").append(customer);
            rows.append("\">invoice</a> <a href=\"/stand-in/events?customer=").append(customer);
            rows.append("\">events</a></td></tr>\n");
        }
        return Answer.html(200, """
                <!doctype html>
                <html lang="en"><head><meta charset="utf-8"><title>Stripe stand-in (a fake)</title></head>
                <body style="font-family: sans-serif">
                <h1>This is not Stripe</h1>
                <p>It is a stand-in that speaks a small part of Stripe's API on this machine. It moves no money, and it knows
                only its account file and the calls it received.</p>
                <table cellpadding="6"><tr><th align=left>customer</th><th align=left>period from</th><th>USD so far</th><th></th></tr>
                %s</table>
                <p><a href="/stand-in/usage">usage</a> <a href="/stand-in/calls">calls</a> <a href="/stand-in/faults">faults</a>
                <a href="/health/ready">health</a></p>
                </body></html>
                """.formatted(rows));
    }

    private static String html(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}

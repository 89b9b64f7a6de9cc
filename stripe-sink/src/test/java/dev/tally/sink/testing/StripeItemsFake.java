package dev.tally.sink.testing;

import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.IdempotencyKey;
import dev.tally.sink.reporting.TransientCause;
import dev.tally.sink.seats.rules.ItemAnswer;
import dev.tally.sink.seats.rules.SeatItem;
import dev.tally.sink.stripe.ItemReply;
import dev.tally.sink.stripe.StripeSubscriptionItems;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A fake of Stripe's subscription items behind the port, which executes each Idempotency-Key once, as Stripe does, and lets a test answer or
 * hold up any call.
 */
public final class StripeItemsFake implements StripeSubscriptionItems {
    /** The billing period of all items. */
    public static final Instant PERIOD_START = Instant.parse("2026-11-01T00:00:00Z");

    /** Its end. */
    public static final Instant PERIOD_END = Instant.parse("2026-12-01T00:00:00Z");

    private final Map<String, SeatItem> items = new HashMap<>();
    private final Map<String, Saved> saved = new HashMap<>();
    private final List<Update> executed = new ArrayList<>();
    private final AtomicInteger calls = new AtomicInteger();
    private volatile Rule rule = call -> Optional.empty();

    /** An update that was executed. */
    public record Update(String item, long quantity, Instant prorationDate, String key) {}

    /** A call; {@code key} is empty for a read. */
    public record Call(int number, String item, String key) {
        /** Whether it reads. */
        public boolean isRead() {
            return key.isEmpty();
        }
    }

    /** An answer in place of Stripe's; {@code executes} says whether an update takes effect all the same. */
    public record Fault(Answer answer, boolean executes) {}

    /** Decides what happens to a call; empty: what Stripe would do. May hold the call up, before it reaches Stripe. */
    @FunctionalInterface
    public interface Rule {
        Optional<Fault> fault(Call call);
    }

    private record Saved(Update update, SeatItem item) {}

    public void rule(Rule newRule) {
        rule = newRule;
    }

    /** Puts an item there, or in place of one. */
    public synchronized void put(String id, @Nullable Long quantity, boolean metered) {
        items.put(id, new SeatItem(id, "sub_" + id, quantity, metered, PERIOD_START, PERIOD_END));
    }

    /** The quantity of an item. */
    public synchronized long quantity(String id) {
        SeatItem item = items.get(id);
        if (item == null || item.quantity() == null) {
            throw new IllegalArgumentException(id + " has no quantity");
        }
        return item.quantity();
    }

    /** What was executed for an item, as {@code 7@2026-11-16}, in order. */
    public synchronized List<String> executed(String item) {
        return executed.stream()
                .filter(update -> update.item().equals(item))
                .map(update -> update.quantity() + "@"
                        + update.prorationDate().toString().substring(0, 10))
                .toList();
    }

    /** All that was executed. */
    public synchronized List<Update> executed() {
        return List.copyOf(executed);
    }

    public int calls() {
        return calls.get();
    }

    @Override
    public ItemReply read(String item) {
        Call call = new Call(calls.incrementAndGet(), item, "");
        return rule.fault(call).map(fault -> failed(fault.answer())).orElseGet(() -> found(item));
    }

    private synchronized ItemReply found(String item) {
        SeatItem found = items.get(item);
        return found == null
                ? failed(new Answer.Permanent("resource_missing", "No such subscription_item: " + item))
                : new ItemReply(new ItemAnswer.Of(found), "req_read");
    }

    @Override
    public ItemReply update(String item, long quantity, Instant prorationDate, IdempotencyKey key) {
        Call call = new Call(calls.incrementAndGet(), item, key.text());
        Update update = new Update(item, quantity, prorationDate, key.text());
        Optional<Fault> fault = rule.fault(call);
        if (fault.isPresent()) {
            if (fault.get().executes()) {
                execute(update);
            }
            return failed(fault.get().answer());
        }
        return execute(update);
    }

    private synchronized ItemReply execute(Update update) {
        Saved known = saved.get(update.key());
        if (known != null) {
            return known.update().equals(update)
                    ? new ItemReply(new ItemAnswer.Of(known.item()), "req_replayed")
                    : failed(new Answer.AccountHalt("idempotency_error", "other parameters"));
        }
        SeatItem before = items.get(update.item());
        if (before == null) {
            return failed(new Answer.Permanent("resource_missing", "No such subscription_item: " + update.item()));
        }
        SeatItem after = new SeatItem(
                before.id(),
                before.subscription(),
                update.quantity(),
                before.metered(),
                before.periodStart(),
                before.periodEnd());
        items.put(update.item(), after);
        saved.put(update.key(), new Saved(update, after));
        executed.add(update);
        return new ItemReply(new ItemAnswer.Of(after), "req_" + executed.size());
    }

    /** A 500 with a body. */
    public static Answer serverError() {
        return new Answer.Transient(TransientCause.SERVER_ERROR, "sorry", Optional.empty());
    }

    private static ItemReply failed(Answer answer) {
        return new ItemReply(new ItemAnswer.Failed(answer), null);
    }
}

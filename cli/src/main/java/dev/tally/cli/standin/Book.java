package dev.tally.cli.standin;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Everything the stand-in remembers: the events it accepted, their identifiers, what items were
 * updated, and the saved answers. Thread-safe; whatever
 * changes it is in the journal before the method returns.
 */
final class Book implements Closeable {

    /** How long Stripe at least keeps the answer of an idempotency key, and (documented for v2) an identifier. */
    static final Duration DAY = Duration.ofHours(24);

    /** Why a canceled event does not count. */
    static final String CANCELED = "canceled";

    private final boolean identifiersForEver;
    private final boolean proratesSameQuantities;
    private final List<MeterEvent> events = new ArrayList<>();
    private final Map<String, Instant> identifiers = new HashMap<>();
    private final Map<String, SavedAnswer> answers = new HashMap<>();
    private final List<ItemUpdate> updates = new ArrayList<>();
    private final Journal journal;

    /**
     * Opens the book of a directory.
     *
     * @param options say whether identifiers stay unique for ever, instead of exactly 24 hours, and whether an update that changes no
     *     quantity is prorated
     * @throws IOException as {@link Journal#open}
     */
    Book(StandInOptions options) throws IOException {
        this.identifiersForEver = options.identifiersForEver();
        this.proratesSameQuantities = options.shows(Variant.SAME_QUANTITY_PRORATES);
        this.journal = Journal.open(options.data(), this::apply);
    }

    private void apply(Journal.Entry entry) {
        MeterEvent event = entry.event();
        if (event != null) {
            events.add(event);
            if (event.error() == null || !event.error().equals(MeterEventStream.DUPLICATE)) {
                identifiers.put(event.identifier(), event.receivedAt());
            }
        }
        Long canceled = entry.canceled();
        if (canceled != null) {
            int at = Math.toIntExact(canceled - 1);
            events.set(at, events.get(at).failed(CANCELED));
        }
        ItemUpdate update = entry.update();
        if (update != null) {
            updates.add(update);
        }
        SavedAnswer saved = entry.saved();
        if (saved != null) {
            answers.put(saved.key(), saved);
        }
    }

    /**
     * Accepts an event, together with the answer saved for it.
     *
     * @return false, and nothing is changed, if an event with this identifier exists
     */
    synchronized boolean accept(MeterEvent event, @Nullable SavedAnswer saved) {
        Instant seen = identifiers.get(event.identifier());
        if (seen != null && (identifiersForEver || event.receivedAt().isBefore(seen.plus(DAY)))) {
            return false;
        }
        commit(new Journal.Entry(numbered(event), null, saved, null));
        return true;
    }

    /** Keeps an event that does not count, whatever its identifier. */
    synchronized void report(MeterEvent failed) {
        commit(new Journal.Entry(numbered(failed), null, null, null));
    }

    /** What came of canceling an event. */
    enum Cancel {
        CANCELED,
        UNKNOWN,
        TOO_LATE,
        BEFORE
    }

    /** Cancels the event received last under an identifier, within 24 hours of its receipt: it does not count any more. */
    synchronized Cancel cancel(String eventName, String identifier, Instant now) {
        MeterEvent found = events.reversed().stream()
                .filter(event -> event.identifier().equals(identifier)
                        && event.eventName().equals(eventName)
                        && (event.error() == null || event.error().equals(CANCELED)))
                .findFirst()
                .orElse(null);
        if (found == null) {
            return Cancel.UNKNOWN;
        }
        if (found.error() != null) {
            return Cancel.BEFORE;
        }
        if (!now.isBefore(found.receivedAt().plus(DAY))) {
            return Cancel.TOO_LATE;
        }
        commit(new Journal.Entry(null, null, null, found.sequence()));
        return Cancel.CANCELED;
    }

    /**
     * Sets the quantity of an item, together with the answer saved for it. Where it is the same, nothing else is changed, unless such updates
     * are prorated too.
     *
     * @param quantity null where the call said none of an item that has none
     */
    synchronized void update(
            Account.Item item,
            @Nullable Long quantity,
            Instant prorationDate,
            boolean prorated,
            Instant now,
            @Nullable SavedAnswer saved) {
        Long before = quantity(item, Instant.MAX);
        boolean same = !proratesSameQuantities && Objects.equals(before, quantity);
        ItemUpdate update = before == null || quantity == null || same
                ? null
                : new ItemUpdate(item.id(), before, quantity, prorationDate, prorated, now);
        if (update != null || saved != null) {
            commit(new Journal.Entry(null, update, saved, null));
        }
    }

    /** The quantity an item had just before {@code instant}; null where it has none. */
    synchronized @Nullable Long quantity(Account.Item item, Instant instant) {
        Integer first = item.quantity();
        Long quantity = first == null ? null : Long.valueOf(first);
        for (ItemUpdate update : updates) {
            if (update.item().equals(item.id()) && update.receivedAt().isBefore(instant)) {
                quantity = update.quantity();
            }
        }
        return quantity;
    }

    /** The updates that match, in the order they were received. */
    synchronized List<ItemUpdate> updates(Predicate<ItemUpdate> filter) {
        return updates.stream().filter(filter).toList();
    }

    /** Saves the answer of a call that changed nothing else. */
    synchronized void save(SavedAnswer saved) {
        commit(new Journal.Entry(null, null, saved, null));
    }

    /** The answer saved under a key in the last 24 hours. */
    synchronized @Nullable SavedAnswer saved(String key, Instant now) {
        SavedAnswer saved = answers.get(key);
        if (saved != null && !now.isBefore(saved.at().plus(DAY))) {
            answers.remove(key);
            return null;
        }
        return saved;
    }

    /** The events that match, in the order they were received. */
    synchronized List<MeterEvent> events(Predicate<MeterEvent> filter) {
        return events.stream().filter(filter).toList();
    }

    /** The exact sum of the counted events that match. */
    synchronized BigDecimal sum(Predicate<MeterEvent> filter) {
        return events.stream()
                .filter(event -> event.error() == null)
                .filter(filter)
                .map(MeterEvent::value)
                .reduce(BigDecimal.ZERO, BigDecimal::add);
    }

    private MeterEvent numbered(MeterEvent event) {
        return new MeterEvent(
                events.size() + 1L,
                event.identifier(),
                event.eventName(),
                event.customer(),
                event.value(),
                event.timestamp(),
                event.receivedAt(),
                event.error());
    }

    private void commit(Journal.Entry entry) {
        try {
            journal.append(entry);
        } catch (IOException e) {
            throw new UncheckedIOException("the journal cannot be written", e);
        }
        apply(entry);
    }

    @Override
    public synchronized void close() throws IOException {
        journal.close();
    }
}

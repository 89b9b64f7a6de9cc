package dev.tally.cli.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Closeable;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The append-only file behind the stand-in: one JSON line per call that changed something, written to the operating system (not
 * forced to disk) before the call is answered. A last line torn by a kill was never answered; it is cut off at the next start.
 */
final class Journal implements Closeable {

    private final FileChannel channel;

    /** What one call changed: an event or an item, a saved answer, or both; or the sequence of the event that was canceled. */
    record Entry(
            @Nullable MeterEvent event,
            @Nullable ItemUpdate update,
            @Nullable SavedAnswer saved,
            @Nullable Long canceled) {}

    private Journal(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Opens the journal of a directory and replays it.
     *
     * @throws IOException if the file cannot be used, is used by another stand-in, or has a damaged line before its last
     */
    static Journal open(Path directory, Consumer<Entry> replay) throws IOException {
        Files.createDirectories(directory);
        Path file = directory.resolve("calls.jsonl");
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() == null) {
                throw new IOException("another stand-in uses " + file);
            }
            long whole = replay(file, replay);
            channel.truncate(whole);
            channel.position(whole);
            return new Journal(channel);
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw new IOException("another stand-in uses " + file, e);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static long replay(Path file, Consumer<Entry> replay) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        int start = 0;
        int number = 1;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                try {
                    replay.accept(read(Json.MAPPER.readTree(bytes, start, i - start)));
                } catch (IOException | RuntimeException e) {
                    throw new IOException(file + ": line " + number + " is damaged: " + e.getMessage(), e);
                }
                start = i + 1;
                number++;
            }
        }
        return start;
    }

    /** Appends one entry; after a failure the file is as it was before, or takes nothing more. */
    void append(Entry entry) throws IOException {
        long before = channel.position();
        ByteBuffer line = ByteBuffer.wrap((Json.text(write(entry)) + "\n").getBytes(StandardCharsets.UTF_8));
        try {
            while (line.hasRemaining()) {
                channel.write(line);
            }
        } catch (IOException e) {
            cutBack(before, e);
            throw e;
        }
    }

    private void cutBack(long length, IOException cause) throws IOException {
        try {
            channel.truncate(length);
            channel.position(length);
        } catch (IOException e) {
            cause.addSuppressed(e);
            channel.close();
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private static ObjectNode write(Entry entry) {
        ObjectNode line = Json.object();
        MeterEvent event = entry.event();
        if (event != null) {
            ObjectNode node = line.putObject("event");
            node.put("sequence", event.sequence())
                    .put("identifier", event.identifier())
                    .put("event_name", event.eventName())
                    .put("customer", event.customer())
                    .put("value", event.value().toPlainString())
                    .put("timestamp", event.timestamp().toString())
                    .put("received_at", event.receivedAt().toString());
            if (event.error() != null) {
                node.put("error", event.error());
            }
        }
        ItemUpdate update = entry.update();
        if (update != null) {
            line.putObject("update")
                    .put("item", update.item())
                    .put("before", update.before())
                    .put("quantity", update.quantity())
                    .put("proration_date", update.prorationDate().toString())
                    .put("prorated", update.prorated())
                    .put("received_at", update.receivedAt().toString());
        }
        SavedAnswer saved = entry.saved();
        if (saved != null) {
            line.putObject("saved")
                    .put("key", saved.key())
                    .put("fingerprint", saved.fingerprint())
                    .put("at", saved.at().toString())
                    .put("status", saved.status())
                    .put("body", saved.body());
        }
        Long canceled = entry.canceled();
        if (canceled != null) {
            line.put("canceled", canceled);
        }
        return line;
    }

    private static Entry read(JsonNode line) {
        JsonNode event = line.get("event");
        JsonNode update = line.get("update");
        JsonNode saved = line.get("saved");
        return new Entry(
                event == null
                        ? null
                        : new MeterEvent(
                                event.required("sequence").longValue(),
                                event.required("identifier").asText(),
                                event.required("event_name").asText(),
                                event.required("customer").asText(),
                                new BigDecimal(event.required("value").asText()),
                                Instant.parse(event.required("timestamp").asText()),
                                Instant.parse(event.required("received_at").asText()),
                                event.has("error") ? event.get("error").asText() : null),
                update == null
                        ? null
                        : new ItemUpdate(
                                update.required("item").asText(),
                                update.required("before").longValue(),
                                update.required("quantity").longValue(),
                                Instant.parse(update.required("proration_date").asText()),
                                update.required("prorated").booleanValue(),
                                Instant.parse(update.required("received_at").asText())),
                saved == null
                        ? null
                        : new SavedAnswer(
                                saved.required("key").asText(),
                                saved.required("fingerprint").asText(),
                                Instant.parse(saved.required("at").asText()),
                                saved.required("status").intValue(),
                                saved.required("body").asText()),
                line.has("canceled") ? line.get("canceled").longValue() : null);
    }
}

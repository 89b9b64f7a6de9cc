package dev.tally.streams.http;

import dev.tally.streams.export.ActionRow;
import dev.tally.streams.export.Place;
import dev.tally.streams.metering.Action;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Rows as RFC 4180 has it: a header, CRLF, quotes where they are needed. A column for each meter of the catalogue; what was counted of
 * meters that are no longer in it stands in the column {@code otherAmounts} as JSON. There is nothing after the last row: an export that
 * is not complete ends with its connection.
 *
 * <p>Spreadsheets take a cell that begins with {@code =}, {@code +}, {@code -} or {@code @} for a formula, also with a tab or line break
 * before it (OWASP "CSV Injection"). Such a cell gets an apostrophe in front; so does one that begins with an apostrophe, so that
 * whoever takes one leading apostrophe off every cell has the texts as they were.
 */
final class CsvRows implements RowFormat.Writer {

    /** The last four are the full-width forms, which some spreadsheets take alike. */
    private static final String DEFUSED = "=+-@\t\r\n'\uFF1D\uFF0B\uFF0D\uFF20";

    private static final List<String> BEFORE = List.of(
            "partition",
            "offset",
            "appendedAt",
            "eventId",
            "occurredAt",
            "userId",
            "orgId",
            "spaceId",
            "model",
            "actionType",
            "trigger",
            "admissionId",
            "usage",
            "payer",
            "coveredBy");

    private final Writer out;
    private final List<String> meters;
    private boolean isFirst = true;

    CsvRows(OutputStream to, List<String> meters) throws IOException {
        this.out = new BufferedWriter(new OutputStreamWriter(to, StandardCharsets.UTF_8));
        this.meters = List.copyOf(meters);
        for (String column : BEFORE) {
            cell(column);
        }
        for (String meter : meters) {
            cell("amount:" + meter);
        }
        cell("otherAmounts");
        end();
    }

    @Override
    public void row(ActionRow row) throws IOException {
        Action action = row.action();
        cell(Integer.toString(row.place().partition()));
        cell(Long.toString(row.place().offset()));
        cell(row.appendedAt().toString());
        cell(action.eventId());
        cell(action.occurredAt().toString());
        cell(action.userId());
        cell(action.orgId());
        cell(action.spaceId());
        cell(action.model());
        cell(action.actionType());
        cell(action.trigger());
        cell(action.admissionId());
        cell(action.usage().count() == 0 ? null : Reply.text(action.usage().toMap()));
        cell(row.payer().text());
        cell(null);
        amounts(row);
        end();
    }

    private void amounts(ActionRow row) throws IOException {
        if (row.meters().equals(meters)) {
            for (long amount : row.amounts()) {
                cell(Long.toString(amount));
            }
            cell(null);
            return;
        }
        Map<String, Long> others = new LinkedHashMap<>();
        for (int i = 0; i < row.amounts().length; i++) {
            others.put(row.meters().get(i), row.amounts()[i]);
        }
        List<String> cells = new ArrayList<>();
        for (String meter : meters) {
            // A meter that did not exist yet has counted nothing of it.
            Long amount = others.remove(meter);
            cells.add(Long.toString(amount == null ? 0 : amount));
        }
        for (String one : cells) {
            cell(one);
        }
        cell(others.isEmpty() ? null : Reply.text(others));
    }

    private void cell(@Nullable String text) throws IOException {
        if (!isFirst) {
            out.write(',');
        }
        isFirst = false;
        if (text != null) {
            out.write(quoted(defused(text)));
        }
    }

    private static String defused(String text) {
        return !text.isEmpty() && DEFUSED.indexOf(text.charAt(0)) >= 0 ? "'" + text : text;
    }

    private static String quoted(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (",\"\r\n".indexOf(text.charAt(i)) >= 0) {
                return '"' + text.replace("\"", "\"\"") + '"';
            }
        }
        return text;
    }

    private void end() throws IOException {
        out.write("\r\n");
        isFirst = true;
    }

    /** A line of its own would be a row. */
    @Override
    public void progress(Place place) {}

    @Override
    public void complete(long rows, String until, long behind) {}

    @Override
    public void flush() throws IOException {
        out.flush();
    }
}

package dev.tally.streams.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import dev.tally.streams.export.ActionRow;
import dev.tally.streams.export.Place;
import dev.tally.streams.metering.Action;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** Rows as JSON, one object per line. The last line says that the export is complete; without it, it is not. */
final class NdjsonRows implements RowFormat.Writer {

    private static final JsonFactory JSON = new JsonFactory();

    private final JsonGenerator json;

    NdjsonRows(OutputStream out) throws IOException {
        json = JSON.createGenerator(out);
        json.setRootValueSeparator(new SerializedString(""));
    }

    @Override
    public void row(ActionRow row) throws IOException {
        Action action = row.action();
        json.writeStartObject();
        json.writeNumberField("partition", row.place().partition());
        json.writeNumberField("offset", row.place().offset());
        json.writeStringField("appendedAt", row.appendedAt().toString());
        json.writeStringField("eventId", action.eventId());
        json.writeStringField("occurredAt", action.occurredAt().toString());
        json.writeStringField("userId", action.userId());
        text("orgId", action.orgId());
        text("spaceId", action.spaceId());
        text("model", action.model());
        json.writeStringField("actionType", action.actionType());
        json.writeStringField("trigger", action.trigger());
        text("admissionId", action.admissionId());
        json.writeObjectFieldStart("usage");
        for (int i = 0; i < action.usage().count(); i++) {
            json.writeNumberField(action.usage().unit(i), action.usage().amount(i));
        }
        json.writeEndObject();
        json.writeObjectFieldStart("amounts");
        for (int i = 0; i < row.amounts().length; i++) {
            json.writeNumberField(row.meters().get(i), row.amounts()[i]);
        }
        json.writeEndObject();
        json.writeStringField("payer", row.payer().text());
        json.writeNullField("coveredBy");
        end();
    }

    private void text(String name, @Nullable String text) throws IOException {
        json.writeFieldName(name);
        json.writeString(text);
    }

    private void end() throws IOException {
        json.writeEndObject();
        json.writeRaw('\n');
    }

    @Override
    public void progress(Place place) throws IOException {
        json.writeStartObject();
        json.writeStringField("progress", place.text());
        end();
    }

    @Override
    public void complete(long rows, String until, long behind) throws IOException {
        json.writeStartObject();
        json.writeBooleanField("complete", true);
        json.writeNumberField("rows", rows);
        json.writeStringField("until", until);
        json.writeNumberField("behind", behind);
        end();
    }

    @Override
    public void flush() throws IOException {
        json.flush();
    }
}

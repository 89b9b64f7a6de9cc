package dev.tally.streams.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The JSON object that a request carries. */
final class JsonBody {

    /** The largest body, in bytes. */
    static final int MAX_BYTES = 64 * 1024;

    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private JsonBody() {}

    /**
     * Reads the body. Only as {@code application/json}: a browser sends nothing else to another site without asking that site first, and
     * this one agrees for the origins of {@code http.cors.origins} only.
     */
    static ObjectNode of(Context context) {
        try {
            JsonNode json = MAPPER.readTree(textOf(context, MAX_BYTES));
            if (json instanceof ObjectNode object) {
                return object;
            }
        } catch (JsonProcessingException e) {
            throw bad("the body is not JSON: " + e.getOriginalMessage());
        }
        throw bad("the body must be a JSON object");
    }

    /** The text of the body, which says that it is JSON and has so many bytes at most. */
    static String textOf(Context context, int most) {
        if (!isJson(context.contentType())) {
            throw new Problem.Signal(Problem.unsupportedMediaType("Content-Type must be application/json"));
        }
        return text(bytes(context, most));
    }

    private static boolean isJson(@Nullable String contentType) {
        return contentType != null
                && contentType
                        .replaceFirst(";.*", "")
                        .strip()
                        .toLowerCase(Locale.ROOT)
                        .equals(Reply.JSON);
    }

    private static byte[] bytes(Context context, int most) {
        long announced = context.req().getContentLengthLong();
        if (announced <= most) {
            try {
                InputStream body = context.req().getInputStream();
                byte[] bytes = body.readNBytes((announced < 0 ? most : (int) announced) + 1);
                if (bytes.length <= most) {
                    return bytes;
                }
            } catch (IOException e) {
                throw bad("the body ended too soon");
            }
        }
        throw new Problem.Signal(Problem.tooLarge("a body may have " + most + " bytes"));
    }

    private static String text(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw bad("the body is not UTF-8");
        }
    }

    private static Problem.Signal bad(String detail) {
        return new Problem.Signal(Problem.badRequest(detail));
    }
}

package dev.tally.sink.stripe;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;

/** A fake at socket level: reads each request whole, counts it, then does to the connection what the script says. */
final class ScriptedServer implements AutoCloseable {
    private final ServerSocket server;
    private final Handler handler;
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();

    /** What to do with the connection once the request numbered {@code number} (from 1) has arrived. */
    @FunctionalInterface
    interface Script {
        /** Returns true to keep the connection for a further request. */
        boolean answer(Socket socket, int number) throws IOException, InterruptedException;
    }

    /** Gives the answer to a request by what it says. */
    @FunctionalInterface
    interface Answering {
        byte[] to(String request);
    }

    @FunctionalInterface
    private interface Handler {
        boolean handle(Socket socket, int number, String request) throws IOException, InterruptedException;
    }

    private ScriptedServer(ServerSocket server, Handler handler) {
        this.server = server;
        this.handler = handler;
    }

    static ScriptedServer start(Script script) throws IOException {
        return start((socket, number, request) -> script.answer(socket, number));
    }

    static ScriptedServer answering(Answering answering) throws IOException {
        return start((socket, number, request) -> {
            write(socket, answering.to(request));
            return true;
        });
    }

    private static ScriptedServer start(Handler handler) throws IOException {
        ScriptedServer started = new ScriptedServer(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), handler);
        Thread.ofVirtual().start(started::accept);
        return started;
    }

    static ScriptedServer answering(int status, String contentType, String body, String... headers) throws IOException {
        return start((socket, number) -> {
            write(socket, response(status, contentType, body, headers));
            return true;
        });
    }

    static byte[] response(int status, String contentType, String body, String... headers) {
        StringBuilder text = new StringBuilder("HTTP/1.1 " + status + " X\r\nContent-Type: " + contentType + "\r\n");
        for (String header : headers) {
            text.append(header).append("\r\n");
        }
        text.append("Content-Length: ").append(body.getBytes(StandardCharsets.UTF_8).length);
        text.append("\r\n\r\n").append(body);
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    static void write(Socket socket, byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    String url() {
        return "http://127.0.0.1:" + server.getLocalPort();
    }

    List<String> requests() {
        return requests;
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                sockets.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException closing) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            boolean keep = true;
            while (keep) {
                String request = read(socket.getInputStream());
                if (request.isEmpty()) {
                    return;
                }
                requests.add(request);
                keep = handler.handle(socket, requests.size(), request);
            }
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
        } catch (IOException clientLeft) {
            if (!socket.isClosed()) {
                throw new UncheckedIOException(clientLeft);
            }
        }
    }

    private static String read(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                return "";
            }
            head.write(next);
        }
        String text = head.toString(StandardCharsets.ISO_8859_1);
        int length = 0;
        for (String line : text.split("\r\n", -1)) {
            if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                length = Integer.parseInt(line.substring(line.indexOf(':') + 1).trim());
            }
        }
        return text + new String(in.readNBytes(length), StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}

package ingle.rehearsal;

import java.util.List;
import java.util.Map;

/** An event with members of the usual kinds. */
public class Event {
    public double size;
    public Map<String, Object> more;
    private String name;
    private int number;
    private boolean right;
    private List<String> words;

    public String getName() {
        return name;
    }

    public void setName(String name) {
        this.name = name;
    }

    public int getNumber() {
        return number;
    }

    public void setNumber(int number) {
        this.number = number;
    }

    public boolean isRight() {
        return right;
    }

    public void setRight(boolean right) {
        this.right = right;
    }

    public List<String> getWords() {
        return words;
    }

    public void setWords(List<String> words) {
        this.words = words;
    }
}

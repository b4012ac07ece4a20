from ingle.sandbox.users import BLOCK, BLOCKS, FIRST_UID, Users

# Beyond those that servers take, so that one that is running does not matter.
BEYOND = range(BLOCKS, BLOCKS + 2)


def test_no_two_servers_have_the_same_users():
    first, second = Users(BEYOND), Users(BEYOND)
    users = [[each.take() for _ in range(3)] for each in (first, second)]
    assert users == [
        [FIRST_UID + block * BLOCK + number for number in range(3)] for block in BEYOND
    ]
    first.close()
    third = Users(BEYOND)
    assert third.take() == users[0][0]
    for each in (second, third):
        each.close()


def test_where_all_blocks_are_taken_the_first_is_shared():
    held = [Users(BEYOND) for _ in range(3)]
    assert held[2].take() == held[0].take()
    for each in held:
        each.close()


def test_a_user_is_taken_again_when_it_is_given_back():
    users = Users(BEYOND)
    first, second = users.take(), users.take()
    users.give_back(first)
    assert (users.take(), users.take()) == (first, second + 1)
    users.close()


def test_all_users_fit_into_31_bits():
    assert FIRST_UID + BLOCKS * BLOCK == 1 << 31

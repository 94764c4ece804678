//! DER as a tree whose nodes can be changed, wrongly encoded included.

use crate::dice::Dice;

/// An element.
#[derive(Clone)]
pub(crate) struct Node {
    /// The bytes of its tag.
    tag: Vec<u8>,
    length: Length,
    body: Body,
}

#[derive(Clone)]
enum Body {
    Bytes(Vec<u8>),
    /// Elements, within a constructed one or, behind some bytes, within a string.
    Nodes(Vec<u8>, Vec<Node>),
}

/// How its length is written.
#[derive(Clone, Copy)]
enum Length {
    Right,
    /// With leading zeros.
    Long(usize),
    Indefinite,
    /// Wrong by so much.
    Off(isize),
}

/// Tags of strings and of whatever Go reads in its own way.
const TAGS: &[u8] =
    &[1, 2, 3, 4, 5, 6, 10, 12, 18, 19, 20, 22, 23, 24, 26, 27, 28, 30, 0x30, 0x31, 0x80, 0x81, 0x82, 0xa0, 0xa3];

impl Node {
    pub(crate) fn new(tag: u8, bytes: impl Into<Vec<u8>>) -> Self {
        Self { tag: vec![tag], length: Length::Right, body: Body::Bytes(bytes.into()) }
    }

    pub(crate) fn of(tag: u8, nodes: Vec<Self>) -> Self {
        Self { tag: vec![tag], length: Length::Right, body: Body::Nodes(Vec::new(), nodes) }
    }

    /// A string that holds elements behind `before`.
    pub(crate) fn wrapping(tag: u8, before: &[u8], nodes: Vec<Self>) -> Self {
        Self { tag: vec![tag], length: Length::Right, body: Body::Nodes(before.to_vec(), nodes) }
    }

    /// The elements in `der`, as deep as they can be read.
    pub(crate) fn parse(mut der: &[u8]) -> Option<Vec<Self>> {
        let mut nodes = Vec::new();
        while !der.is_empty() {
            let (&[tag, first], rest) = der.split_first_chunk::<2>()?;
            let (length, rest) = match first {
                0..=0x7f => (usize::from(first), rest),
                0x81..=0x83 => {
                    let (bytes, rest) = rest.split_at_checked(usize::from(first & 3))?;
                    (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
                }
                _ => return None,
            };
            let (content, rest) = rest.split_at_checked(length)?;
            der = rest;
            let inner = match (tag, content) {
                (3, [0, inner @ ..]) if inner.first() == Some(&0x30) => {
                    Self::parse(inner).map(|nodes| (vec![0], nodes))
                }
                (4, inner) if inner.first() == Some(&0x30) => Self::parse(inner).map(|nodes| (Vec::new(), nodes)),
                _ if tag & 0x20 != 0 => Self::parse(content).map(|nodes| (Vec::new(), nodes)),
                _ => None,
            };
            let body =
                inner.map_or_else(|| Body::Bytes(content.to_vec()), |(before, nodes)| Body::Nodes(before, nodes));
            nodes.push(Self { tag: vec![tag], length: Length::Right, body });
        }
        Some(nodes)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let content = match &self.body {
            Body::Bytes(bytes) => bytes.clone(),
            Body::Nodes(before, nodes) => [before.clone(), Self::encode_all(nodes)].concat(),
        };
        let length = content.len();
        let shortest = |length: usize| {
            let bytes = length.to_be_bytes();
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            bytes[zeros..].to_vec()
        };
        let long = |bytes: Vec<u8>| [vec![0x80 | u8::try_from(bytes.len()).unwrap()], bytes].concat();
        let right = |length: usize| if length < 0x80 { vec![length.to_be_bytes()[7]] } else { long(shortest(length)) };
        let (length, end) = match self.length {
            Length::Right => (right(length), vec![]),
            Length::Long(zeros) => (long([vec![0; zeros], shortest(length)].concat()), vec![]),
            Length::Indefinite => (vec![0x80], vec![0, 0]),
            Length::Off(by) => (right(length.saturating_add_signed(by)), vec![]),
        };
        [self.tag.clone(), length, content, end].concat()
    }

    pub(crate) fn encode_all(nodes: &[Self]) -> Vec<u8> {
        nodes.iter().flat_map(Self::encode).collect()
    }

    pub(crate) fn children(&mut self) -> &mut Vec<Self> {
        match &mut self.body {
            Body::Nodes(_, nodes) => nodes,
            Body::Bytes(_) => panic!("a primitive element has no children"),
        }
    }

    fn size(&self) -> usize {
        match &self.body {
            Body::Bytes(_) => 1,
            Body::Nodes(_, nodes) => 1 + nodes.iter().map(Self::size).sum::<usize>(),
        }
    }
}

/// Changes one element somewhere among `nodes`; `dictionary` has elements that mean something here.
pub(crate) fn mutate(nodes: &mut Vec<Node>, dice: &mut Dice, dictionary: &dyn Fn(&mut Dice) -> Node) {
    let all: usize = nodes.iter().map(Node::size).sum();
    if all == 0 {
        return nodes.push(dictionary(dice));
    }
    let mut at = dice.below(all);
    mutate_at(nodes, &mut at, dice, dictionary);
}

fn mutate_at(nodes: &mut Vec<Node>, at: &mut usize, dice: &mut Dice, dictionary: &dyn Fn(&mut Dice) -> Node) -> bool {
    for index in 0..nodes.len() {
        if *at == 0 {
            change(nodes, index, dice, dictionary);
            return true;
        }
        *at -= 1;
        if let Body::Nodes(_, children) = &mut nodes[index].body
            && mutate_at(children, at, dice, dictionary)
        {
            return true;
        }
    }
    false
}

/// Changes an element, or what is beside it.
fn change(nodes: &mut Vec<Node>, index: usize, dice: &mut Dice, dictionary: &dyn Fn(&mut Dice) -> Node) {
    let other = dice.below(nodes.len());
    match dice.below(14) {
        0 => drop(nodes.remove(index)),
        1 => nodes.insert(other, nodes[index].clone()),
        2 => nodes.swap(index, other),
        3..=5 => nodes.insert(index + dice.below(2), dictionary(dice)),
        6 => nodes[index] = dictionary(dice),
        7 => nodes[index].tag = vec![*dice.pick(TAGS)],
        8 => match dice.below(4) {
            0 => nodes[index].tag[0] ^= 0x20,
            1 => nodes[index].tag[0] ^= 1 << dice.below(8),
            2 => nodes[index].tag = vec![0x1f | nodes[index].tag[0] & 0xe0, nodes[index].tag[0] & 0x1f],
            _ => nodes[index].tag = vec![0x1f, 0x81, u8::try_from(dice.below(128)).unwrap()],
        },
        9 => {
            nodes[index].length = match dice.below(4) {
                0 => Length::Long(dice.below(2)),
                1 => Length::Indefinite,
                2 => Length::Off(1),
                _ => Length::Off(-1),
            }
        }
        _ => content(&mut nodes[index], dice, dictionary),
    }
}

/// Changes what is inside.
fn content(node: &mut Node, dice: &mut Dice, dictionary: &dyn Fn(&mut Dice) -> Node) {
    match &mut node.body {
        Body::Nodes(_, children) if dice.one_in(4) => children.clear(),
        Body::Nodes(_, children) => children.push(dictionary(dice)),
        Body::Bytes(bytes) => match dice.below(6) {
            0 => bytes.clear(),
            1 => bytes.truncate(dice.below(bytes.len() + 1)),
            2 => bytes.push(u8::try_from(dice.below(256)).unwrap()),
            3 => bytes.insert(0, *dice.pick(&[0, 0xff, 0x80, 7, 1])),
            _ if bytes.is_empty() => bytes.push(0),
            4 => {
                let at = dice.below(bytes.len());
                bytes[at] ^= 1 << dice.below(8);
            }
            _ => {
                let at = dice.below(bytes.len());
                bytes[at] = *dice.pick(&[0, 0x80, 0xff, 0xd8, 0xfd, b'*', b'@', b'&', b'.', b'%', b':', b'"', b'_']);
            }
        },
    }
}

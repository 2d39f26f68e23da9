import { parseEmailAddress } from '../../../src/families/domain/email-address.js';
import { printable } from './printable.js';

const canonical = (text: string) => parseEmailAddress(text).canonical;

/** The canonical form, and spellings that fold to it. */
const SPELLINGS: Record<string, string[]> = {
  'maria@example.com': [
    'maria@example.com',
    'Maria@Example.COM',
    '  maria@example.com\t\r\n',
    '\u00A0\u2003maria@example.com\u3000\u0085\u2028',
    'ｍａｒｉａ@example.com',
    'ＭＡＲＩＡ@ＥＸＡＭＰＬＥ．ＣＯＭ',
    'maria@example。com',
    'maria@example｡com',
    'maria@ⓔxample.com',
  ],
  'maria+school@example.com': ['Maria+School@example.com', 'maria＋school@example.com'],
  'first.last@example.com': ['First.Last@example.com', 'first．last@example.com'],
  'k@example.com': ['K@example.com', '\u212A@example.com', 'ｋ@example.com'],
  'å@example.com': ['Å@example.com', '\u212B@example.com', 'a\u030A@example.com', 'A\u030A@example.com'],
  'josé@example.com': ['JOSÉ@example.com', 'jose\u0301@example.com', 'JOSE\u0301@EXAMPLE.com'],
  'strasse@example.com': ['straße@example.com', 'STRASSE@example.com', 'STRA\u1E9EE@example.com'],
  'οδυσσευσ@example.com': ['ΟΔΥΣΣΕΥΣ@example.com', 'Οδυσσευς@example.com'],
  'ǰ@example.com': ['j\u030C@example.com', 'J\u030C@example.com', '\u01F0@example.com'],
  'dž@example.com': ['DŽ@example.com', 'DZ\u030C@example.com', 'd\u017E@example.com'],
  'ガ@example.com': ['ｶﾞ@example.com', 'カ\u3099@example.com', 'ガ@example.com'],
  '한글@example.com': ['\u1112\u1161\u11AB\u1100\u1173\u11AF@example.com', '한글@example.com'],
  '豈@example.com': ['\uF900@example.com', '\u8C48@example.com'],
  'მარია@example.com': ['ᲛᲐᲠᲘᲐ@example.com'],
  'иван@xn--e1afmkfd.xn--p1ai': ['Иван@Пример.РФ', 'ИВАН@xn--e1afmkfd.XN--P1AI'],
  'आशा@example.com': ['आशा@example.com'],
  'علي123@example.com': ['علي123@example.com'],
  'שרה.כהן@example.com': ['שרה.כהן@example.com'],
  '用户@xn--fsqu00a.xn--0zwm56d': ['用户@例子.测试', '用户@例子。测试'],
  'a@xn--strae-oqa.de': ['a@straße.de', 'a@STRAßE.de', 'a@xn--strae-oqa.de', 'a@XN--STRAE-OQA.de'],
  'ida@xn--strae-oqa.com': ['ida@straße.com', 'IDA@STRA\u1E9EE.COM', 'ida@Stra\u1E9Ee.com'],
  'a@strasse.de': ['a@STRASSE.DE'],
  // A final sigma is another letter to the domain name system than one within a word.
  'nik@xn--mxa8ab.gr': ['NIK@ΣΑΣ.GR', 'nik@Σας.gr', 'nik@σας.gr', 'nik@ΣΑΣ。gr'],
  'nik@xn--mxa9ab.gr': ['nik@σασ.gr'],
  'a@xn--mgba3gch31f060k.com': ['a@نامه\u200Cای.com', 'a@xn--mgba3gch31f060k.com'],
  "!#$%&'*+-/=?^_`{|}~@example.com": ["!#$%&'*+-/=?^_`{|}~@example.com"],
  '1@2.museum': ['1@2.museum'],
  'a@r3---sn.example.com': ['a@R3---sn.example.com'],
};

describe('spellings that are one address', () => {
  const rows = Object.entries(SPELLINGS).flatMap(([form, texts]) =>
    texts.map((text) => [text, form] as const),
  );

  it.each(rows.map(([text, form]) => [printable(text), text, form]))('folds %s', (_, text, form) => {
    expect(canonical(text)).toBe(form);
  });

  it.each(Object.keys(SPELLINGS))('leaves the canonical form %s as it is', (form) => {
    expect(canonical(form)).toBe(form);
  });

  it('takes a domain in capitals for the one in small letters, whatever the letter', () => {
    const attempt = (text: string): string => {
      try {
        return canonical(text);
      } catch {
        return 'refused';
      }
    };
    const apart: string[] = [];
    for (let point = 0x80; point <= 0x1ffff; point += 1) {
      const letter = String.fromCodePoint(point);
      const small = letter.toLowerCase();
      if (small === letter) continue;
      if (attempt(`a@x${letter}y.com`) !== attempt(`a@x${small}y.com`)) apart.push(printable(letter));
    }
    expect(apart).toEqual([]);
  });

  it('keeps different mailboxes apart', () => {
    expect(new Set(Object.keys(SPELLINGS).map(canonical)).size).toBe(Object.keys(SPELLINGS).length);
    // Latin and Cyrillic a look alike and are two letters.
    expect(canonical('anna@example.com')).not.toBe(canonical('аnna@example.com'));
    expect(canonical('jose@example.com')).not.toBe(canonical('josé@example.com'));
    expect(canonical('a.b@example.com')).not.toBe(canonical('ab@example.com'));
    expect(canonical('a+1@example.com')).not.toBe(canonical('a@example.com'));
  });
});

describe('the address as typed', () => {
  it('is kept without outer white space and otherwise unchanged', () => {
    expect(parseEmailAddress('\u3000 Jose\u0301+Ｘ@Straße.DE \n')).toStrictEqual({
      canonical: 'josé+x@xn--strae-oqa.de',
      asTyped: 'Jose\u0301+Ｘ@Straße.DE',
    });
  });
});
